import { describeError } from "@tideway/errors";
import type { AddressMapper } from "../../ports.ts";
import type { Session } from "../../peers/session.ts";

export interface Unmapped {
  /** The first address that has none, and why. */
  why: string;
  /** That is an answer, and not that none has come yet. */
  isFinal: boolean;
}

/** External addresses in use for one provider: asked for once, given back when nobody uses them any more. */
export interface Mappings {
  /**
   * The user (any name that is unique in the namespace) needs just these addresses from now on. Answers what could be
   * mapped, and why something could not.
   */
  use(
    namespace: string,
    user: string,
    addresses: readonly string[],
  ): Promise<{ externals: ReadonlyMap<string, string>; failed: Unmapped | undefined }>;
  /** Gives back what an earlier life of this service took and nobody uses now. */
  sweep(namespace: string, held: readonly string[]): void;
  /** The namespace has no twin any more. */
  drop(namespace: string): void;
}

/** The rest of a slice is not held up longer than this by an address that is not given yet, in ms. */
const ANSWER_MS = 300;
/** An address outlives its last user by this much, in ms: endpoints come and go in steps. */
const LINGER_MS = 2_000;
const NO_ANSWER = "no answer yet";

export const createMappings = (d: { session: Session; mapper: AddressMapper }): Mappings => {
  const { session, mapper } = d;
  const known = new Map<string, Promise<string>>();
  const users = new Map<string, Set<string>>();
  const usedBy = new Map<string, ReadonlySet<string>>();
  const keyOf = (namespace: string, address: string): string => `${namespace} ${address}`;

  const request = (namespace: string, address: string) => ({
    address,
    peer: session.clusterID,
    namespace,
  });

  const map = (namespace: string, address: string): Promise<string> => {
    const key = keyOf(namespace, address);
    let answer = known.get(key);
    if (!answer) {
      answer = mapper.mapAddress(request(namespace, address));
      known.set(key, answer);
      answer.catch(() => known.delete(key));
    }
    return answer;
  };

  const release = async (namespace: string, address: string): Promise<void> => {
    const key = keyOf(namespace, address);
    if (users.has(key) || session.signal.aborted) return;
    known.delete(key);
    try {
      await mapper.unmapAddress(request(namespace, address));
    } catch (err) {
      session.log.warn({ address, namespace, reason: describeError(err) }, "external address not given back");
      releaseLater(namespace, address);
    }
  };
  const releaseLater = (namespace: string, address: string): void =>
    void setTimeout(() => void release(namespace, address), LINGER_MS).unref();

  const note = (namespace: string, user: string, addresses: readonly string[]): void => {
    const now = new Set(addresses);
    const userKey = keyOf(namespace, user);
    const before = usedBy.get(userKey) ?? new Set<string>();
    if (now.size > 0) usedBy.set(userKey, now);
    else usedBy.delete(userKey);
    for (const address of now) {
      const key = keyOf(namespace, address);
      users.set(key, (users.get(key) ?? new Set()).add(user));
    }
    for (const address of before) {
      if (now.has(address)) continue;
      const key = keyOf(namespace, address);
      users.get(key)?.delete(user);
      if (users.get(key)?.size !== 0) continue;
      users.delete(key);
      releaseLater(namespace, address);
    }
  };

  return {
    use: async (namespace, user, addresses) => {
      note(namespace, user, addresses);
      const externals = new Map<string, string>();
      if (addresses.length === 0) return { externals, failed: undefined };
      const missing = new Map(addresses.map((a) => [a, NO_ANSWER]));
      const asked = addresses.map(async (address) => {
        try {
          externals.set(address, await map(namespace, address));
          missing.delete(address);
        } catch (err) {
          missing.set(address, describeError(err));
        }
      });
      let timer: NodeJS.Timeout | undefined;
      const bound = new Promise((done) => (timer = setTimeout(done, ANSWER_MS)));
      await Promise.race([Promise.all(asked), bound]);
      clearTimeout(timer);
      const answered = [...missing].find(([, why]) => why !== NO_ANSWER);
      const failed = answered ?? [...missing][0];
      return {
        externals: new Map(externals),
        failed: failed && { why: failed.join(": "), isFinal: answered !== undefined },
      };
    },
    sweep: (namespace, held) => {
      for (const address of held) if (!users.has(keyOf(namespace, address))) releaseLater(namespace, address);
    },
    drop: (namespace) => {
      for (const userKey of [...usedBy.keys()])
        if (userKey.startsWith(`${namespace} `)) note(namespace, userKey.slice(namespace.length + 1), []);
    },
  };
};
