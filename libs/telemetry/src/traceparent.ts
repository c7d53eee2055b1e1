import { randomBytes } from "node:crypto";

export interface TraceContext {
  traceId: string;
  spanId: string;
  sampled: boolean;
}

const PATTERN = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** W3C trace context; undefined for what the standard calls invalid, which then simply starts a new trace. */
export const parseTraceparent = (header: string | undefined): TraceContext | undefined => {
  const [, traceId, spanId, flags] = PATTERN.exec(header ?? "") ?? [];
  if (!traceId || !spanId || !flags || header?.startsWith("ff")) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (parseInt(flags, 16) & 1) === 1 };
};

export const formatTraceparent = (c: TraceContext): string =>
  `00-${c.traceId}-${c.spanId}-${c.sampled ? "01" : "00"}`;

export const newSpanId = (): string => randomBytes(8).toString("hex");

/** The start of a new, sampled trace. */
export const newTraceparent = (): string =>
  formatTraceparent({ traceId: randomBytes(16).toString("hex"), spanId: newSpanId(), sampled: true });
