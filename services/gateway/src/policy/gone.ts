/** How long a connection to a pod that ended is answered; whoever knew its address has heard by then. */
const FOR_MS = 60_000;
/** The oldest are forgotten: what is not known to be gone is only dropped. */
const AT_MOST = 2_000;

/** Addresses that were pods' until a moment ago, and nobody's since. */
export const createGone = (now: () => number = () => performance.now()) => {
  const since = new Map<string, number>();
  return {
    ended: (address: string): void => {
      since.delete(address); // to the end of the order
      since.set(address, now());
      if (since.size > AT_MOST) for (const oldest of since.keys()) return void since.delete(oldest);
    },
    /** The address is somebody's again. */
    used: (address: string): void => void since.delete(address),
    list: (): string[] => {
      const limit = now() - FOR_MS;
      for (const [address, at] of since) if (at <= limit) since.delete(address);
      return [...since.keys()];
    },
    /** ms until the list gets shorter. */
    nextMs: (): number | undefined => {
      for (const at of since.values()) return Math.max(0, at + FOR_MS - now());
      return undefined;
    },
  };
};
export type Gone = ReturnType<typeof createGone>;
