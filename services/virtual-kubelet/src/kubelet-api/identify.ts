import { createHash } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { type Kube, type KubeObject, resource } from "@tideway/k8s";
import { createCache } from "./cache.ts";

export interface User {
  username: string;
  uid?: string;
  groups: string[];
  extra?: Record<string, string[]>;
}

interface TokenReview extends KubeObject {
  spec: { token: string };
  status?: { authenticated?: boolean; user?: User };
}
const tokenReviews = resource<TokenReview>(
  "authentication.k8s.io",
  "v1",
  "tokenreviews",
  "TokenReview",
  false,
);

/** How long an answer about a token or a permission is believed, in ms. */
export const BELIEVE_MS = 30_000;
const MAX_TOKEN = 16_384;

const list = (v: string | string[] | undefined): string[] =>
  v === undefined ? [] : Array.isArray(v) ? v : [v];

/** Common name and organisations, as the API server reads a client certificate that our client CA signed. */
export const userOfCertificate = (socket: TLSSocket): User | undefined => {
  if (!socket.authorized) return undefined;
  const subject = socket.getPeerCertificate().subject as unknown as
    Record<string, string | string[]> | undefined;
  const [username, ...others] = list(subject?.CN);
  if (!username || others.length > 0) return undefined;
  return { username, groups: [...list(subject?.O), "system:authenticated"] };
};

/** Asks the API server whose token it is; for scrapers, which have no client certificate. */
export const tokenReviewer = (
  kube: Kube,
  now: () => number,
): ((authorization: string | undefined) => Promise<User | undefined>) => {
  const cache = createCache<User | undefined>(BELIEVE_MS, 256, now);
  return async (authorization) => {
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
    if (!token || token.length > MAX_TOKEN) return undefined;
    return cache.get(createHash("sha256").update(token).digest("base64"), async () => {
      const review = await kube.create(tokenReviews, { metadata: { name: "" }, spec: { token } });
      return review.status?.authenticated ? review.status.user : undefined;
    });
  };
};
