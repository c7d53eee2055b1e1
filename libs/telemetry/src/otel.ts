// Loaded only when traces are exported: see startTracing.
import { describeError } from "@tideway/errors";
import { ROOT_CONTEXT, SpanStatusCode, trace, TraceFlags } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { formatTraceparent, parseTraceparent } from "./traceparent.ts";
import type { Tracer } from "./tracing.ts";

const parentContext = (traceparent: string | undefined) => {
  const c = parseTraceparent(traceparent);
  if (!c) return ROOT_CONTEXT;
  const traceFlags = c.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: c.traceId,
    spanId: c.spanId,
    traceFlags,
    isRemote: true,
  });
};

export const startOtel = (
  service: string,
  endpoint: string,
): { tracer: Tracer; shutdown(): Promise<void> } => {
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, "")}/v1/traces` });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ "service.name": service, "service.namespace": "tideway" }),
    spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: 512 })],
  });
  const otel = provider.getTracer("tideway");
  return {
    tracer: {
      start: (name, parent, attributes) => {
        const span = otel.startSpan(name, { attributes }, parentContext(parent));
        const { traceId, spanId, traceFlags } = span.spanContext();
        return {
          traceparent: formatTraceparent({
            traceId,
            spanId,
            sampled: (traceFlags & TraceFlags.SAMPLED) !== 0,
          }),
          setAttributes: (more) => void span.setAttributes(more),
          end: (error) => {
            if (error !== undefined) {
              span.setStatus({ code: SpanStatusCode.ERROR, message: describeError(error) });
            }
            span.end();
          },
        };
      },
    },
    shutdown: () => provider.shutdown(),
  };
};
