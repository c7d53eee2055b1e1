/** Which images an owner lets in: names as the runtime resolves them, so that no way of writing one slips by. */

export interface ImageRules {
  allow?: readonly string[] | undefined;
  deny?: readonly string[] | undefined;
  requireDigest?: boolean | undefined;
}

/** What a rule says against an image, and which rule it is. */
export interface ImageRefusal {
  rule: string;
  message: string;
}

const DOCKER = "docker.io";
const DOCKER_NAMES = new Set(["index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"]);
const PATH = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const HOST = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::\d{1,5})?$/;
const DIGEST = /@sha256:[0-9a-f]{64}$/;

const isHost = (first: string): boolean => /[.:]/.test(first) || first === "localhost";

/**
 * `registry/path` of an image reference, without tag and digest: `nginx:1` is `docker.io/library/nginx`
 * (distribution's reference grammar). Undefined for what is no reference.
 */
export const repositoryOf = (image: string): string | undefined => {
  const name = image.replace(/@[^@]*$/, "").replace(/:[\w][\w.-]{0,127}$/, "");
  const [first = "", ...rest] = name.split("/");
  const [host, path] =
    rest.length > 0 && isHost(first) ? [first.toLowerCase(), rest.join("/")] : [DOCKER, name];
  if (!HOST.test(host) || !PATH.test(path)) return undefined;
  const registry = DOCKER_NAMES.has(host) ? DOCKER : host;
  return registry === DOCKER && !path.includes("/") ? `${registry}/library/${path}` : `${registry}/${path}`;
};

/** `*` stands for anything inside one segment; a pattern means the repository and all below it. */
const matches = (pattern: string, repository: string): boolean => {
  if (pattern === "*") return true;
  const wanted = pattern.split("/");
  const have = repository.split("/");
  const segment = (p: string, s: string): boolean =>
    p.split("*").length === 1 ? p === s : new RegExp(`^${p.split("*").map(escape).join(".*")}$`).test(s);
  return wanted.length <= have.length && wanted.every((p, i) => segment(p, have[i] ?? ""));
};
const escape = (s: string): string => s.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** In this order: no reference, denied, not allowed, no digest. Undefined: it may be run. */
export const refusedImage = (rules: ImageRules, image: unknown): ImageRefusal | undefined => {
  const repository = typeof image === "string" && image.length <= 512 ? repositoryOf(image) : undefined;
  if (repository === undefined) return { rule: "images", message: "is no image reference" };
  const denied = rules.deny?.findIndex((p) => matches(p, repository)) ?? -1;
  if (denied >= 0)
    return {
      rule: `images.deny[${denied}]`,
      message: `${repository} is denied by "${rules.deny?.[denied]}"`,
    };
  if (rules.allow && !rules.allow.some((p) => matches(p, repository)))
    return { rule: "images.allow", message: `${repository} is not among what is allowed` };
  if (rules.requireDigest && !DIGEST.test(String(image)))
    return { rule: "images.requireDigest", message: "names no digest (…@sha256:<64 digits>)" };
  return undefined;
};
