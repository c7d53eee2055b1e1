import { AsyncLocalStorage } from "node:async_hooks";
import { formatTraceparent, newSpanId, newTraceparent, parseTraceparent } from "./traceparent.ts";

export type Attributes = Record<string, string | number | boolean>;

export interface Span {
  /** Carried to whatever this span causes: a message's header, an annotation. */
  readonly traceparent: string;
  setAttributes(attributes: Attributes): void;
  end(error?: unknown): void;
}
export interface SpanOptions {
  /** The cause, from another process; default the span around this call, else a new trace. */
  traceparent?: string | undefined;
  attributes?: Attributes;
}
export interface Tracer {
  start(name: string, parent: string | undefined, attributes: Attributes): Span;
}
export interface Tracing {
  shutdown(): Promise<void>;
}

/** Without an exporter no span is recorded, and the trace is still handed on. */
const propagate: Tracer = {
  start: (_name, parent) => {
    const context = parseTraceparent(parent);
    const traceparent = context ? formatTraceparent({ ...context, spanId: newSpanId() }) : newTraceparent();
    return { traceparent, setAttributes: () => undefined, end: () => undefined };
  },
};

const active = new AsyncLocalStorage<Span>();
let tracer: Tracer = propagate;

/**
 * Exports spans by OTLP over HTTP when OTEL_EXPORTER_OTLP_ENDPOINT is set; only then is OpenTelemetry
 * loaded, since it costs memory in every service.
 */
export const startTracing = async (o: {
  service: string;
  env: Record<string, string | undefined>;
}): Promise<Tracing> => {
  const endpoint = o.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (!endpoint) return { shutdown: () => Promise.resolve() };
  const { startOtel } = await import("./otel.ts");
  const otel = startOtel(o.service, endpoint);
  tracer = otel.tracer;
  return {
    shutdown: () => {
      tracer = propagate;
      return otel.shutdown();
    },
  };
};

export const currentTraceparent = (): string | undefined => active.getStore()?.traceparent;

/** Runs `fn` in a span; the span ends with it, and tells of its error. */
export const withSpan = async <T>(
  name: string,
  o: SpanOptions,
  fn: (span: Span) => Promise<T> | T,
): Promise<T> => {
  const span = tracer.start(name, o.traceparent ?? currentTraceparent(), o.attributes ?? {});
  try {
    const result = await active.run(span, fn, span);
    span.end();
    return result;
  } catch (err) {
    span.end(err);
    throw err;
  }
};
