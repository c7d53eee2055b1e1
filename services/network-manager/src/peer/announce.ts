/** What is said of a peer before it has told anything: gateways make what does not depend on it meanwhile. Pure. */
import type { Fact } from "@tideway/bus";

type Said = Pick<Fact<"network">, "data" | "time">;

/** Our last word speaks of keys and port only. */
export const isAnnouncement = (said: Pick<Said, "data"> | undefined): boolean =>
  said?.data.state === "PENDING" && !said.data.consumer && !said.data.provider;

/** Whether the peer is still to tell its networks: since it was let in, at `grantedAt`, nothing of it was used. */
export const isNew = (said: Said | undefined, grantedAt: string | undefined): boolean => {
  if (said === undefined) return true;
  if (said.data.state === "GONE") return grantedAt !== undefined && grantedAt > said.time;
  return said.data.state === "PENDING" && said.data.remotePodCidr === "";
};
