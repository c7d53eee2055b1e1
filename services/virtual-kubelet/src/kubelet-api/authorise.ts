import { type Kube, type KubeObject, resource } from "@tideway/k8s";
import { createCache } from "./cache.ts";
import { BELIEVE_MS, type User } from "./identify.ts";
import type { Access } from "./routes.ts";

interface SubjectAccessReview extends KubeObject {
  spec: object;
  status?: { allowed?: boolean; denied?: boolean };
}
const subjectAccessReviews = resource<SubjectAccessReview>(
  "authorization.k8s.io",
  "v1",
  "subjectaccessreviews",
  "SubjectAccessReview",
  false,
);

/**
 * May the user do this to the node? Empty `node`: to every node, for what this replica says of all its nodes
 * at once. Throws when the API server cannot be asked: then nobody may.
 */
export type Authorise = (user: User, access: Access, node: string) => Promise<boolean>;

export const authoriser = (kube: Kube, now: () => number): Authorise => {
  const cache = createCache<boolean>(BELIEVE_MS, 1024, now);
  const ask = (user: User, verb: string, subresource: string, name: string): Promise<boolean> =>
    cache.get(JSON.stringify([user, verb, subresource, name]), async () => {
      const { username, uid, groups, extra } = user;
      const resourceAttributes = {
        version: "v1",
        resource: "nodes",
        subresource,
        verb,
        ...(name ? { name } : {}),
      };
      const spec = {
        user: username,
        groups,
        ...(uid ? { uid } : {}),
        ...(extra ? { extra } : {}),
        resourceAttributes,
      };
      const review = await kube.create(subjectAccessReviews, { metadata: { name: "" }, spec });
      return review.status?.allowed === true && review.status.denied !== true;
    });
  return async (user, { verb, subresources }, node) => {
    for (const subresource of subresources) if (await ask(user, verb, subresource, node)) return true;
    return false;
  };
};
