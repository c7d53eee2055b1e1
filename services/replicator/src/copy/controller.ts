import type { Reconcile } from "@tideway/controller";
import type { Session } from "../peer/session.ts";
import type { State } from "./decide.ts";
import { type Kind, PeerAwayError } from "../ports.ts";

export interface CopyDeps {
  session(peerId: string): Session | undefined;
  /** Something was done for this peer, or could not be. */
  changed(peerId: string): void;
  lag(kind: Kind, seconds: number): void;
  kinds: readonly Kind[];
  /** Monotonic, ms. */
  now(): number;
}

export interface CopyController {
  reconcile: Reconcile;
  /** Remembers when a change was first seen; returns the key. */
  touched(key: string): string;
}

export const copyKey = (peerId: string, kind: Kind, name: string): string => `${peerId} ${kind.name} ${name}`;

/** Of an object that one lane carries and the other has nothing to do with. */
const overall = (states: readonly State[]): State => states.find((s) => s !== "Nothing") ?? "Nothing";

/** While the peer does not answer its link finds out why; the object is looked at again when it is back. */
const AWAY_RETRY_MS = 500;

export const createCopyReconciler = (d: CopyDeps): CopyController => {
  const kinds = new Map(d.kinds.map((k) => [k.name, k]));
  const seenAt = new Map<string, number>();

  /** A change is through when nothing is left to do for the object. */
  const measure = (key: string, kind: Kind, state: string, worked: boolean): void => {
    const since = seenAt.get(key);
    if (since === undefined || (state === "Pending" && worked)) return;
    if (state === "InSync") d.lag(kind, (d.now() - since) / 1000);
    if (state !== "Pending") seenAt.delete(key);
  };

  return {
    touched: (key) => {
      if (!seenAt.has(key)) seenAt.set(key, d.now());
      return key;
    },
    reconcile: async (key, { signal }) => {
      const [peerId = "", kindName = "", name = ""] = key.split(" ");
      const kind = kinds.get(kindName);
      const session = d.session(peerId);
      const copiers = session?.copiers(kindName) ?? [];
      if (!kind || !session || copiers.length === 0) {
        seenAt.delete(key);
        return {};
      }
      try {
        // One lane after the other: of an object at most one has anything to do, by whose origin it is.
        let worked = false;
        for (const copier of copiers) worked = (await copier.reconcile(name, signal)) || worked;
        measure(key, kind, overall(copiers.map((c) => c.plan(name).state)), worked);
        return {};
      } catch (err) {
        if (!(err instanceof PeerAwayError)) throw err;
        session.suspect();
        return { requeueAfterMs: AWAY_RETRY_MS };
      } finally {
        d.changed(peerId);
      }
    },
  };
};
