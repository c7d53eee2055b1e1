import {
  AlreadyExistsError,
  ConflictError,
  ForbiddenError,
  GoneError,
  InvalidError,
  isTimeout,
  MisbehavedError,
  NotFoundError,
  TidewayError,
  UnavailableError,
} from "@tideway/errors";
import type { Credentials } from "./kubeconfig.ts";
import { type Bounds, OWN_BOUNDS } from "./bounds.ts";
import { type Body, createTransport } from "./transport.ts";
import { apiVersionOf, type Applicable, type KubeObject, pathOf, type Resource } from "./types.ts";

export interface RequestOptions {
  signal?: AbortSignal;
}
export interface ListOptions extends RequestOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}
export interface ApplyOptions extends RequestOptions {
  fieldManager: string;
  subresource?: "status";
  /** Take over fields owned by others. Default true: a controller owns what it applies. */
  force?: boolean;
}
export interface PatchOptions extends RequestOptions {
  /** Default "merge" (RFC 7386). */
  type?: "merge" | "json" | "strategic";
  subresource?: string;
  fieldManager?: string;
}
export interface DeleteOptions extends RequestOptions {
  /** Delete only the object with this uid; another one of the same name counts as already gone. */
  uid?: string;
  gracePeriodSeconds?: number;
  propagation?: "Background" | "Foreground" | "Orphan";
}
export interface RawRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  query?: Record<string, string | number | boolean | string[] | undefined>;
  headers?: Record<string, string>;
  body?: string | Buffer;
  signal?: AbortSignal;
  /** Longest wait for the response's headers. Default 30 s. 0: no bound. */
  headersTimeoutMs?: number;
  /** Longest silence in the response's body. Default 30 s. 0: no bound (streams). */
  bodyTimeoutMs?: number;
}
export interface RawResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Body;
}

/** A client of one API server with one identity. Every method throws the classes of `@tideway/errors`. */
export interface Kube {
  readonly credentials: Credentials;
  readonly bounds: Bounds;
  /** Bytes of what its informers keep, counted where `bounds` says how many they may be. */
  readonly held: { bytes: number };
  get<T extends KubeObject>(r: Resource<T>, name: string, namespace?: string, o?: RequestOptions): Promise<T>;
  /** Like get, but `undefined` instead of NotFoundError. */
  find<T extends KubeObject>(
    r: Resource<T>,
    name: string,
    namespace?: string,
    o?: RequestOptions,
  ): Promise<T | undefined>;
  /** All objects, page by page. */
  list<T extends KubeObject>(r: Resource<T>, o?: ListOptions): Promise<T[]>;
  create<T extends KubeObject>(
    r: Resource<T>,
    obj: T,
    o?: RequestOptions & { fieldManager?: string },
  ): Promise<T>;
  /** PUT; metadata.resourceVersion makes it optimistic. */
  replace<T extends KubeObject>(
    r: Resource<T>,
    obj: T,
    o?: RequestOptions & { subresource?: string },
  ): Promise<T>;
  /** Server-side apply (KEP-555). Carry metadata.uid on updates: without it a deleted name comes back as a ghost. */
  apply<T extends KubeObject>(r: Resource<T>, obj: Applicable<T>, o: ApplyOptions): Promise<T>;
  patch<T extends KubeObject>(
    r: Resource<T>,
    name: string,
    namespace: string | undefined,
    patch: unknown,
    o?: PatchOptions,
  ): Promise<T>;
  /** Idempotent: what is gone already counts as deleted. */
  delete(r: Resource, name: string, namespace?: string, o?: DeleteOptions): Promise<void>;
  /** POST to a subresource such as serviceaccounts/token or pods/eviction. */
  createSub<R = unknown>(
    r: Resource,
    name: string,
    namespace: string | undefined,
    subresource: string,
    body: unknown,
    o?: RequestOptions,
  ): Promise<R>;
  /** Raw; any status is returned, nothing is thrown for it. The caller consumes the body. */
  request(o: RawRequest): Promise<RawResponse>;
  close(): Promise<void>;
}

interface StatusBody {
  kind?: string;
  reason?: string;
  message?: string;
  details?: { retryAfterSeconds?: number };
}

/** Maps an answer of the API server to the error class that says what it means for the caller. */
export const errorOf = (status: number, body: StatusBody, where: string): TidewayError => {
  const message = `${where}: ${body.message ?? `HTTP ${status}`}`;
  if (body.reason === "AlreadyExists") return new AlreadyExistsError(message);
  switch (status) {
    case 400:
    case 405:
    case 413:
    case 415:
    case 422:
      return new InvalidError(message);
    case 401:
    case 403:
      return new ForbiddenError(message);
    case 404:
      return new NotFoundError(message);
    case 409:
      return new ConflictError(message);
    case 410:
      return new GoneError(message);
    case 504:
      return body.reason === "Expired" ? new GoneError(message) : new UnavailableError(message);
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
      return new MisbehavedError("Redirected", `${message}: an API server sends nobody elsewhere`);
    default:
      return status === 429 || status >= 500 ? new UnavailableError(message) : new TidewayError(message);
  }
};

/** The error that an answer tells of: in a Status, or in the own words of a proxy between. */
export const errorIn = (status: number, text: string, where: string): TidewayError => {
  let said: StatusBody;
  try {
    said = (JSON.parse(text) as StatusBody | null) ?? {};
  } catch {
    said = { message: `HTTP ${status} ${text.slice(0, 200)}`.trim() };
  }
  return errorOf(status, said, where);
};

const PATCH_TYPES = {
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

/** Objects a page when listing; large enough that most lists are one request. */
const PAGE = 500;
const DEFAULT_TIMEOUT_MS = 30_000;

const queryString = (query: RawRequest["query"]): string => {
  if (!query) return "";
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const v of Array.isArray(value) ? value : [value]) params.append(name, String(v));
  }
  const text = params.toString();
  return text ? `?${text}` : "";
};

export interface KubeOptions {
  userAgent: string;
  /** Connections for ordinary requests; watches and streams have their own. Default 64. */
  connections?: number;
  /** What is read of it at most. Default: that of our own API server, which is trusted. */
  bounds?: Bounds;
}

export const createKube = (credentials: Credentials, o: KubeOptions): Kube => {
  const bounds = o.bounds ?? OWN_BOUNDS;
  const transport = createTransport(credentials, o.connections ?? 64, bounds);
  const origin = credentials.server.replace(/\/+$/, "");

  const request = async (r: RawRequest): Promise<RawResponse> => {
    const headers: Record<string, string> = {
      "user-agent": o.userAgent,
      accept: "application/json",
      ...r.headers,
    };
    if (credentials.token) headers.authorization = `Bearer ${await credentials.token()}`;
    try {
      return await transport.send({
        method: r.method,
        path: `${r.path}${queryString(r.query)}`,
        headers,
        headersTimeoutMs: r.headersTimeoutMs ?? DEFAULT_TIMEOUT_MS,
        bodyTimeoutMs: r.bodyTimeoutMs ?? DEFAULT_TIMEOUT_MS,
        ...(r.body !== undefined ? { body: r.body } : {}),
        ...(r.signal ? { signal: r.signal } : {}),
      });
    } catch (cause) {
      if (r.signal?.aborted) throw r.signal.reason;
      const where = `${r.method} ${origin}${r.path}`;
      throw new UnavailableError(
        isTimeout(cause) ? `${where}: no answer in time` : `${where}: cannot reach the API server`,
        { cause },
      );
    }
  };

  const call = async <R>(r: RawRequest): Promise<R> => {
    const answer = await request(r);
    if (answer.status < 300) return (await answer.body.json()) as R;
    throw errorIn(answer.status, await answer.body.text(), `${r.method} ${origin}${r.path}`);
  };

  const withSignal = (s?: RequestOptions): { signal?: AbortSignal } =>
    s?.signal ? { signal: s.signal } : {};
  const json = { "content-type": "application/json" };

  const get: Kube["get"] = (r, name, namespace, opts) =>
    call({ method: "GET", path: pathOf(r, namespace, name), ...withSignal(opts) });

  return {
    credentials,
    bounds,
    held: { bytes: 0 },
    request,
    get,
    find: async (r, name, namespace, opts) => {
      try {
        return await get(r, name, namespace, opts);
      } catch (err) {
        if (err instanceof NotFoundError) return undefined;
        throw err;
      }
    },
    list: async <T extends KubeObject>(r: Resource<T>, opts: ListOptions = {}): Promise<T[]> => {
      const { namespace, labelSelector, fieldSelector } = opts;
      const items: T[] = [];
      let token: string | undefined;
      let pages = 0;
      do {
        if (++pages > bounds.pages || items.length > bounds.objects)
          throw new MisbehavedError("ListTooLong", `LIST ${origin}${pathOf(r, namespace)} does not end`);
        const page: { items?: T[]; metadata?: { continue?: string } } = await call({
          method: "GET",
          path: pathOf(r, namespace),
          query: { labelSelector, fieldSelector, limit: Math.min(PAGE, bounds.page), continue: token },
          ...withSignal(opts),
        });
        items.push(...(page.items ?? []));
        token = page.metadata?.continue || undefined;
      } while (token);
      return items;
    },
    create: (r, obj, opts) =>
      call({
        method: "POST",
        path: pathOf(r, obj.metadata.namespace),
        query: { fieldManager: opts?.fieldManager },
        headers: json,
        body: JSON.stringify({ apiVersion: apiVersionOf(r), kind: r.kind, ...obj }),
        ...withSignal(opts),
      }),
    replace: (r, obj, opts) =>
      call({
        method: "PUT",
        path: pathOf(r, obj.metadata.namespace, obj.metadata.name, opts?.subresource),
        headers: json,
        body: JSON.stringify({ apiVersion: apiVersionOf(r), kind: r.kind, ...obj }),
        ...withSignal(opts),
      }),
    apply: (r, obj, opts) =>
      call({
        method: "PATCH",
        path: pathOf(r, obj.metadata.namespace, obj.metadata.name, opts.subresource),
        query: { fieldManager: opts.fieldManager, force: opts.force ?? true },
        headers: { "content-type": PATCH_TYPES.apply },
        body: JSON.stringify({ apiVersion: apiVersionOf(r), kind: r.kind, ...obj }),
        ...withSignal(opts),
      }),
    patch: (r, name, namespace, patch, opts) =>
      call({
        method: "PATCH",
        path: pathOf(r, namespace, name, opts?.subresource),
        query: { fieldManager: opts?.fieldManager },
        headers: { "content-type": PATCH_TYPES[opts?.type ?? "merge"] },
        body: JSON.stringify(patch),
        ...withSignal(opts),
      }),
    delete: async (r, name, namespace, opts) => {
      const body = {
        apiVersion: "v1",
        kind: "DeleteOptions",
        ...(opts?.uid ? { preconditions: { uid: opts.uid } } : {}),
        ...(opts?.gracePeriodSeconds !== undefined ? { gracePeriodSeconds: opts.gracePeriodSeconds } : {}),
        ...(opts?.propagation ? { propagationPolicy: opts.propagation } : {}),
      };
      try {
        await call({
          method: "DELETE",
          path: pathOf(r, namespace, name),
          headers: json,
          body: JSON.stringify(body),
          ...withSignal(opts),
        });
      } catch (err) {
        if (err instanceof NotFoundError || (opts?.uid && err instanceof ConflictError)) return;
        throw err;
      }
    },
    createSub: (r, name, namespace, subresource, body, opts) =>
      call({
        method: "POST",
        path: pathOf(r, namespace, name, subresource),
        headers: json,
        body: JSON.stringify(body),
        ...withSignal(opts),
      }),
    close: () => Promise.resolve(transport.close()),
  };
};
