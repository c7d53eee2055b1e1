/** Who may call: service accounts of Tideway's own namespaces, as the API server says (TokenReview). */
import { createHash } from "node:crypto";
import { ForbiddenError } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import { tokenReviews } from "../kinds.ts";

export interface Callers {
  /** The service account, `namespace/name`; throws ForbiddenError. */
  check(authorization: string | undefined): Promise<string>;
}

/** How long an answer counts, ms: a withdrawn account loses its access after that. */
const KEEP_MS = 60_000;
const MAX_KEPT = 256;
const PREFIX = "system:serviceaccount:";

export const createCallers = (o: {
  kube: Pick<Kube, "create">;
  namespaces: readonly string[];
  now: () => number;
}): Callers => {
  /** By hash: a heap dump must not hold tokens. */
  const known = new Map<string, { until: number; account: Promise<string> }>();

  const review = async (token: string): Promise<string> => {
    const { status } = await o.kube.create(tokenReviews, { metadata: { name: "" }, spec: { token } });
    const user = status?.authenticated ? (status.user?.username ?? "") : "";
    const [namespace, name] = user.startsWith(PREFIX) ? user.slice(PREFIX.length).split(":") : [];
    if (!namespace || !name)
      throw new ForbiddenError("the token is not one of a service account of this cluster");
    if (!o.namespaces.includes(namespace))
      throw new ForbiddenError(
        `service account ${namespace}/${name} may not call: only those of ${o.namespaces.join(" and ")}`,
      );
    return `${namespace}/${name}`;
  };

  return {
    check: (authorization) => {
      const token = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
      if (!token)
        return Promise.reject(new ForbiddenError("metadata authorization: Bearer <token> is missing"));
      const hash = createHash("sha256").update(token).digest("base64");
      const had = known.get(hash);
      if (had && had.until > o.now()) return had.account;
      const account = review(token);
      if (known.size >= MAX_KEPT) known.clear();
      known.set(hash, { until: o.now() + KEEP_MS, account });
      account.catch(() => known.delete(hash)); // asked anew next time
      return account;
    },
  };
};
