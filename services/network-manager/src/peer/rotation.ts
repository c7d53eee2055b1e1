/** When keys change: by age or on demand, and when the older one may go. */
import type { TunnelEndpoint } from "@tideway/api";
import type { Clock } from "../ports.ts";
import type { TunnelFact } from "./model.ts";
import type { KeyRing } from "./ring.ts";

/** Annotation of a TunnelEndpoint, any value: make new keys now. Taken away when they are made. */
export const ROTATE = "networking.tideway.dev/rotate";

export interface Rotation {
  due: boolean;
  /** Generation that the tunnel has been using for the whole grace. */
  settled: number | undefined;
  recheckMs: number | undefined;
}

export interface RotationDeps {
  /** 0: never by age. */
  rotateAfterMs: number;
  graceMs: number;
  clock: Clock;
}

/** Longest time a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface Rotations {
  look(id: string, ring: KeyRing | undefined, tunnel: TunnelFact | undefined, asked: boolean): Rotation;
  forget(id: string): void;
}

export const isAsked = (tunnels: readonly Readonly<TunnelEndpoint>[]): boolean =>
  tunnels.some((t) => t.metadata.annotations?.[ROTATE] !== undefined);

export const createRotations = (d: RotationDeps): Rotations => {
  /** Since when the tunnel says a generation; a restart counts anew, which only keeps an older key for longer. */
  const inUse = new Map<string, { generation: number; since: number }>();
  return {
    look: (id, ring, tunnel, asked) => {
      const now = d.clock.now().getTime();
      const generation = tunnel?.state === "CONNECTED" ? tunnel.generation : 0;
      if (inUse.get(id)?.generation !== generation) inUse.set(id, { generation, since: now });
      const graceLeft = (inUse.get(id)?.since ?? now) + d.graceMs - now;
      const ageLeft = d.rotateAfterMs > 0 && ring ? ring.since + d.rotateAfterMs - now : Infinity;
      const waits = [
        ...(ring && ring.keys.length > 1 && generation > 0 && graceLeft > 0 ? [graceLeft] : []),
        ...(ageLeft > 0 && ageLeft < Infinity ? [ageLeft] : []),
      ];
      return {
        due: asked || ageLeft <= 0,
        settled: generation > 0 && graceLeft <= 0 ? generation : undefined,
        recheckMs: waits.length > 0 ? Math.min(...waits, MAX_TIMER_MS) : undefined,
      };
    },
    forget: (id) => void inUse.delete(id),
  };
};
