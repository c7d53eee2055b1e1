import { randomUUID } from "node:crypto";
import { headers, type MsgHdrs } from "@nats-io/transport-node";
import { InvalidError } from "@tideway/errors";
import { stateOf, type FactInput, type FactName } from "@tideway/protos";

/** A thing that is gone is told for this long, then its subject is free: for who looks late. */
export const GONE_TTL = "24h";

/** CloudEvents 1.0, binary mode of the NATS binding: attributes are headers `ce-*`, the body is the data alone. */
export interface Envelope {
  id: string;
  source: string;
  type: string;
  time: string;
  traceparent?: string;
}

export const typeOf = <F extends FactName>(fact: F, data: FactInput<F>): string =>
  `dev.tideway.${fact}.${stateOf(fact, data).toLowerCase()}`;

/** Who speaks: `/clusters/<cluster ID>/<service>`. */
export const sourceOf = (clusterID: string, service: string): string => `/clusters/${clusterID}/${service}`;

export const writeHeaders = (o: {
  source: string;
  type: string;
  subject: string;
  time: Date;
  traceparent?: string | undefined;
}): MsgHdrs => {
  const h = headers();
  h.set("ce-specversion", "1.0");
  h.set("ce-id", randomUUID());
  h.set("ce-source", o.source);
  h.set("ce-type", o.type);
  h.set("ce-time", o.time.toISOString());
  h.set("ce-subject", o.subject);
  h.set("content-type", "application/json");
  if (o.traceparent) h.set("traceparent", o.traceparent);
  if (o.type.endsWith(".gone")) h.set("Nats-TTL", GONE_TTL);
  return h;
};

/** InvalidError names the header that is missing or wrong. */
export const readHeaders = (h: MsgHdrs | undefined): Envelope => {
  const need = (name: string): string => {
    const value = h?.get(name);
    if (!value) throw new InvalidError(`header ${name} is missing`);
    return value;
  };
  const version = need("ce-specversion");
  if (!version.startsWith("1.")) throw new InvalidError(`header ce-specversion must be 1.0, is ${version}`);
  const time = need("ce-time");
  if (Number.isNaN(Date.parse(time)))
    throw new InvalidError(`header ce-time must be RFC 3339, is ${time.slice(0, 40)}`);
  const traceparent = h?.get("traceparent");
  return {
    id: need("ce-id"),
    source: need("ce-source"),
    type: need("ce-type"),
    time,
    ...(traceparent ? { traceparent } : {}),
  };
};
