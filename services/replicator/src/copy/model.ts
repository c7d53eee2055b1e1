/** A model of two API servers and the replicas between them, for the property test. */
import { ConflictError, UnavailableError } from "@tideway/errors";
import type { Applied, CopyObject, End } from "../ports.ts";
import { isDeleting } from "./body.ts";

/** One namespace of one kind in an API server: uids, generations, finalizers, deletion as in Kubernetes. */
export class ModelServer {
  readonly objects = new Map<string, CopyObject>();
  /** Called with each object that ends: asked to go, and held by nobody any more. */
  onEnd: (o: CopyObject) => void = () => undefined;
  private counter = 0;
  private readonly prefix: string;
  constructor(prefix: string) {
    this.prefix = prefix;
  }

  private put(o: CopyObject): CopyObject {
    o.metadata.resourceVersion = String(++this.counter);
    if (isDeleting(o) && !o.metadata.finalizers?.length) {
      this.objects.delete(o.metadata.name);
      this.onEnd(o);
    } else this.objects.set(o.metadata.name, o);
    return structuredClone(o);
  }
  create(body: Applied): CopyObject {
    if (this.objects.has(body.metadata.name)) throw new ConflictError("taken");
    const metadata = { ...body.metadata, uid: `${this.prefix}${++this.counter}`, generation: 1 };
    return this.put(structuredClone({ ...body, metadata }));
  }
  update(body: Applied, status = false): CopyObject {
    const now = this.objects.get(body.metadata.name);
    if (!now || now.metadata.uid !== body.metadata.uid) throw new ConflictError("gone or another");
    const next = structuredClone(now);
    const { labels, annotations, finalizers } = body.metadata;
    if (status) return this.put({ ...next, status: structuredClone(body.status ?? {}) });
    if (labels) next.metadata.labels = { ...labels };
    if (annotations) next.metadata.annotations = { ...annotations };
    if (finalizers)
      next.metadata.finalizers =
        isDeleting(next) && finalizers.length > 0 ? (next.metadata.finalizers ?? []) : [...finalizers];
    if (body.spec && JSON.stringify(body.spec) !== JSON.stringify(next.spec)) {
      next.spec = structuredClone(body.spec);
      next.metadata.generation = (next.metadata.generation ?? 0) + 1;
    }
    return this.put(next);
  }
  delete(name: string, uid?: string): void {
    const now = this.objects.get(name);
    if (!now || (uid !== undefined && now.metadata.uid !== uid)) return;
    const next = structuredClone(now);
    next.metadata.deletionTimestamp ??= "2026-01-01T00:00:00Z";
    this.put(next);
  }
}

/** How the line between a replica and a server is, and what it does to a call. */
export interface Line {
  /** Calls fail before they are done. */
  cut: boolean;
  /** The next call is done, but its answer is lost. */
  loseAnswer: boolean;
}

/** A replica's view of one server: a cache that only moves when told to. */
export class ModelEnd implements End {
  synced = false;
  private cache = new Map<string, CopyObject>();
  private readonly server: ModelServer;
  private readonly line: Line;
  private readonly onDelete: (name: string) => void;
  constructor(server: ModelServer, line: Line, onDelete: (name: string) => void = () => undefined) {
    this.server = server;
    this.line = line;
    this.onDelete = onDelete;
  }

  cached = (name: string): CopyObject | undefined => this.cache.get(name);
  names = (): string[] => [...this.cache.keys()];
  /** The watch brings everything up to now. */
  catchUp(): void {
    if (this.line.cut) return;
    this.cache = new Map([...this.server.objects].map(([k, v]) => [k, structuredClone(v)]));
    this.synced = true;
  }
  /** The watch brings one object, in the middle of a list. */
  catchUpOn(name: string): void {
    if (this.line.cut) return;
    const o = this.server.objects.get(name);
    if (o) this.cache.set(name, structuredClone(o));
    else if (this.synced) this.cache.delete(name);
  }
  private async call<T>(fn: () => T): Promise<T> {
    await Promise.resolve();
    if (this.line.cut) throw new UnavailableError("cut");
    const result = fn();
    if (this.line.loseAnswer) {
      this.line.loseAnswer = false;
      throw new UnavailableError("answer lost");
    }
    await Promise.resolve();
    return result;
  }
  find = (name: string): Promise<CopyObject | undefined> =>
    this.call(() => structuredClone(this.server.objects.get(name)));
  create = (body: Applied): Promise<CopyObject> => this.call(() => this.server.create(body));
  update = (body: Applied, o: { subresource?: "status" }): Promise<CopyObject> =>
    this.call(() => this.server.update(body, o.subresource === "status"));
  delete = (name: string, uid: string): Promise<void> =>
    this.call(() => {
      if (this.server.objects.get(name)?.metadata.uid === uid) this.onDelete(name);
      this.server.delete(name, uid);
    });
}
