import { UnavailableError } from "@tideway/errors";
import type { KubeObject, Resource } from "@tideway/k8s";

/** Any object that is replicated: only its metadata is looked into. */
export interface CopyObject extends KubeObject {
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

/** Push: origin here, copy at the peer, the peer's status comes back. Pull: origin at the peer, copy here. */
export type Lane = "Push" | "Pull";
/** Both: each side has origins of its own, told apart by their names; they are pushed, the peer's are pulled. */
export type Direction = Lane | "Both";

/** A kind that crosses, as the registry names it. */
export interface Kind {
  /** `<plural>.<group>`, unique in the registry. */
  readonly name: string;
  readonly resource: Resource<CopyObject>;
  readonly direction: Direction;
  /** Whether its status crosses too: back to the origin (Push), or along with the spec (Pull). Never for Both. */
  readonly status: boolean;
}

/** The ways in which objects of a kind travel. */
export const lanesOf = (kind: Pick<Kind, "direction">): readonly Lane[] =>
  kind.direction === "Both" ? ["Push", "Pull"] : [kind.direction];

/** An object to be applied; without uid and resourceVersion it would come back as a ghost, so both are explicit. */
export interface Applied {
  metadata: {
    name: string;
    uid?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    finalizers?: string[];
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

/**
 * One kind in one namespace of one cluster: what is known of it, and the way to change it. Names only; the
 * namespace is the end's own. All calls may be repeated. Errors are those of `@tideway/errors`.
 */
export interface End {
  /** The cache has held a complete list; before that, absence from it means nothing. */
  readonly synced: boolean;
  cached(name: string): Readonly<CopyObject> | undefined;
  names(): string[];
  /** Asks the API server, not the cache. */
  find(name: string, signal?: AbortSignal): Promise<CopyObject | undefined>;
  /** Server-side apply onto the object with `metadata.uid`; ConflictError when it is gone. */
  update(body: Applied, o: { subresource?: "status"; signal?: AbortSignal }): Promise<CopyObject>;
  /** Server-side apply that only creates: ConflictError when the name is taken, whoever took it. */
  create(body: Applied, signal?: AbortSignal): Promise<CopyObject>;
  /** Deletes that very object; success when it is gone already or another one has its name. */
  delete(name: string, uid: string, signal?: AbortSignal): Promise<void>;
}

/** What a peer's API server said or holds that it should not. */
export interface Misdeed {
  /** Kind, or Kind/name. */
  object: string;
  /** CamelCase word. */
  reason: string;
  message: string;
}
export type OnMisdeed = (m: Misdeed) => void;

export const FIELD_MANAGER = "replicator";

/** Who the peer is, and where the two sides of the exchange are. */
export interface Peer {
  /** Cluster ID. */
  id: string;
  /** Name of the ForeignCluster here. */
  name: string;
  localNamespace: string;
  remoteNamespace: string;
  /** https URL of its API server. */
  server: string;
}

/** The peer's API server could not be reached: for the link to look into, not an error of the object at hand. */
export class PeerAwayError extends UnavailableError {}
