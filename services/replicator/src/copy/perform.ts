import { ConflictError, isNotFound } from "@tideway/errors";
import type { CopyObject, End } from "../ports.ts";
import { FINALIZER, isCopyFrom, isDeleting, originUidOf } from "./body.ts";
import { bodyFingerprint, fingerprint } from "./compare.ts";
import type { Effect, Settled, World } from "./decide.ts";

export interface Ends {
  origin: End;
  copy: End;
}
/** What was applied and is not to be applied again while the object stays as it came out. */
export interface Outcome {
  body?: Settled;
  status?: Settled;
}

const settledBy = (wanted: string, result: CopyObject): Settled => ({
  fingerprint: wanted,
  resourceVersion: result.metadata.resourceVersion ?? "",
});

/** Does one effect; each may be repeated. ConflictError: the caches are behind, look again. */
export const perform = async (
  effect: Effect,
  name: string,
  ends: Ends,
  w: World,
  signal: AbortSignal,
): Promise<Outcome> => {
  switch (effect.do) {
    case "hold":
      await ends.origin.update({ metadata: { name, uid: effect.uid, finalizers: [FINALIZER] } }, { signal });
      return {};
    case "release": {
      const left = effect.confirm ? await ends.copy.find(name, signal) : undefined;
      if (left && isCopyFrom(left, w.originCluster) && originUidOf(left) === effect.uid) {
        await ends.copy.delete(name, left.metadata.uid ?? "", signal);
        throw new ConflictError(`copy ${name} was still there; its origin is kept until it is gone`);
      }
      await ends.origin.update({ metadata: { name, uid: effect.uid, finalizers: [] } }, { signal });
      return {};
    }
    case "createCopy":
      return { body: settledBy(bodyFingerprint(effect.body), await ends.copy.create(effect.body, signal)) };
    case "updateCopy":
      return {
        body: settledBy(bodyFingerprint(effect.body), await ends.copy.update(effect.body, { signal })),
      };
    case "deleteCopy": {
      const origin = effect.originUid === undefined ? undefined : await ends.origin.find(name, signal);
      const stands = origin !== undefined && origin.metadata.uid === effect.originUid;
      if (stands && !(w.lane === "Push" && isDeleting(origin)))
        throw new ConflictError(`the origin of copy ${name} still stands; the cache is behind`);
      await ends.copy.delete(name, effect.uid, signal);
      return {};
    }
    case "writeStatus": {
      const end = effect.on === "origin" ? ends.origin : ends.copy;
      try {
        const result = await end.update(
          { metadata: { name, uid: effect.uid }, status: effect.status },
          { subresource: "status", signal },
        );
        return { status: settledBy(fingerprint(effect.status), result) };
      } catch (err) {
        if (isNotFound(err))
          throw new ConflictError(`${name} is gone; its status has no place`, { cause: err });
        throw err;
      }
    }
  }
};
