import { createHash } from "node:crypto";
import { ORIGIN } from "@tideway/api";
import { isAlreadyExists, isInvalid, isNotFound } from "@tideway/errors";
import type { Informer, KubeObject, ObjectMeta, Resource } from "@tideway/k8s";
import type { Session } from "../../peers/session.ts";
import { create, patch, replace } from "../../pods/requests.ts";
import { CONTENT, REFLECTED } from "../names.ts";

/** What a copy says. */
export interface Content {
  labels?: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
  spec: object;
}

export interface CopyKind {
  resource: Resource;
  /**
   * `replace`: one plain update, which costs the API server half of an apply. `patch`: for custom resources, whose
   * updates want a version that our cache may not have.
   */
  update: "replace" | "patch";
}

export type Outcome = "same" | "written" | "deleted" | "taken" | "gone";

const hashOf = (content: Content): string =>
  createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 16);

const isNewer = (a: string | undefined, b: string | undefined): boolean => Number(a ?? 0) >= Number(b ?? 0);

/** Keeps copies of one kind in twin namespaces: no request where nothing differs, else one. */
export const createCopies = (session: Session, clusterID: string, kind: CopyKind) => {
  /** What we wrote and the cache may not show yet; `hash` is undefined where we deleted. */
  const written = new Map<string, { hash: string | undefined; version: string | undefined }>();
  const { resource } = kind;

  const write = async (
    namespace: string,
    name: string,
    content: Content,
    uid: string | undefined,
  ): Promise<ObjectMeta> => {
    const metadata = {
      name,
      namespace,
      labels: { ...content.labels, [ORIGIN]: clusterID, [REFLECTED]: "network" },
      annotations: { ...content.annotations, [CONTENT]: hashOf(content) },
    };
    const { kube, signal } = session;
    const make = (): Promise<ObjectMeta> =>
      create(kube, resource, { metadata, spec: content.spec } as KubeObject, signal);
    if (!uid) return make();
    if (kind.update === "patch") {
      const { name: _, namespace: __, ...changed } = metadata;
      const body = { metadata: { ...changed, uid }, spec: content.spec };
      return patch(kube, resource, namespace, name, body, { signal, type: "merge" });
    }
    try {
      return await replace(
        kube,
        resource,
        { metadata: { ...metadata, uid }, spec: content.spec } as KubeObject,
        signal,
      );
    } catch (err) {
      if (!isInvalid(err)) throw err;
      // Headless or not cannot change: the source was made anew, so the copy is too.
      await kube.delete(resource, name, namespace, { uid, signal });
      return make();
    }
  };

  /** The name is held: by a copy that the cache does not show yet, or by something that is none of ours. */
  const takeName = async (namespace: string, name: string, content: Content): Promise<Outcome> => {
    const { kube, signal } = session;
    const found = await kube.find(resource, name, namespace, { signal });
    if (found && found.metadata.labels?.[REFLECTED] === undefined) return "taken";
    const meta = await write(namespace, name, content, found?.metadata.uid);
    written.set(`${namespace}/${name}`, { hash: hashOf(content), version: meta.resourceVersion });
    return "written";
  };

  return {
    /** Brings the copy to `content`, or away. */
    put: async (
      cache: Informer<KubeObject>,
      namespace: string,
      name: string,
      content: Content | undefined,
    ): Promise<Outcome> => {
      const key = `${namespace}/${name}`;
      const copy = cache.get(key);
      const mine = written.get(key);
      const has = mine ? mine.hash : copy?.metadata.annotations?.[CONTENT];
      if (has === (content && hashOf(content)) && (content !== undefined || !copy || mine)) return "same";
      if (!content) {
        // Without the cache's word there is no uid to delete by: its event will bring us back.
        if (!copy?.metadata.uid) return "same";
        await session.kube.delete(resource, name, namespace, {
          uid: copy.metadata.uid,
          signal: session.signal,
        });
        written.set(key, { hash: undefined, version: copy.metadata.resourceVersion });
        return "deleted";
      }
      try {
        const gone = mine && mine.hash === undefined;
        const meta = await write(namespace, name, content, gone ? undefined : copy?.metadata.uid);
        written.set(key, { hash: hashOf(content), version: meta.resourceVersion });
        return "written";
      } catch (err) {
        if (isAlreadyExists(err)) return takeName(namespace, name, content);
        if (isNotFound(err)) {
          written.delete(key);
          return "gone"; // the copy, or the whole twin: the cache will tell
        }
        throw err;
      }
    },
    /** The cache has an event of the copy: what we remembered of it is there now, or overtaken. */
    seen: (key: string, copy: Readonly<KubeObject> | undefined): void => {
      const mine = written.get(key);
      if (!mine) return;
      if (!copy || (mine.hash !== undefined && isNewer(copy.metadata.resourceVersion, mine.version)))
        written.delete(key);
    },
    forget: (namespace: string): void => {
      for (const key of written.keys()) if (key.startsWith(`${namespace}/`)) written.delete(key);
    },
  };
};
export type Copies = ReturnType<typeof createCopies>;
