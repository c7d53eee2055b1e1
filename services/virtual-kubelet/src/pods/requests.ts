import { errorIn, type Kube, type KubeObject, pathOf, type Resource } from "@tideway/k8s";

/**
 * Requests of the hot path. The server is asked to answer with metadata only: the whole object would be
 * encoded there, sent and parsed here, for nothing.
 */
const METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

const send = async (
  kube: Kube,
  method: "POST" | "PUT" | "PATCH",
  path: string,
  contentType: string,
  body: unknown,
  signal: AbortSignal,
): Promise<KubeObject["metadata"]> => {
  const answer = await kube.request({
    method,
    path,
    body: JSON.stringify(body),
    headers: { "content-type": contentType, accept: METADATA },
    signal,
  });
  const text = await answer.body.text();
  if (answer.status < 300) return (JSON.parse(text) as KubeObject).metadata;
  throw errorIn(answer.status, text, `${method} ${path}`);
};

/** Creates; answers the new object's metadata. */
export const create = <T extends KubeObject>(
  kube: Kube,
  r: Resource<T>,
  obj: T,
  signal: AbortSignal,
): Promise<KubeObject["metadata"]> =>
  send(
    kube,
    "POST",
    pathOf(r, obj.metadata.namespace),
    "application/json",
    { apiVersion: r.group ? `${r.group}/${r.version}` : r.version, kind: r.kind, ...obj },
    signal,
  );

/** Replaces the whole object, whatever its version, if it is still the one with `metadata.uid`. */
export const replace = <T extends KubeObject>(
  kube: Kube,
  r: Resource<T>,
  obj: T,
  signal: AbortSignal,
): Promise<KubeObject["metadata"]> =>
  send(
    kube,
    "PUT",
    pathOf(r, obj.metadata.namespace, obj.metadata.name),
    "application/json",
    { apiVersion: r.group ? `${r.group}/${r.version}` : r.version, kind: r.kind, ...obj },
    signal,
  );

/** Strategic merge patch of a core object's status, or merge patch of a custom one. */
export const patch = (
  kube: Kube,
  r: Resource,
  namespace: string,
  name: string,
  body: object,
  o: { signal: AbortSignal; type: "strategic" | "merge"; subresource?: string },
): Promise<KubeObject["metadata"]> =>
  send(
    kube,
    "PATCH",
    pathOf(r, namespace, name, o.subresource),
    `application/${o.type === "strategic" ? "strategic-merge-patch" : "merge-patch"}+json`,
    body,
    o.signal,
  );
