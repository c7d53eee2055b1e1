import {
  connect,
  nkeyAuthenticator,
  type ConnectionOptions,
  type NatsConnection,
} from "@nats-io/transport-node";
import { describeError, UnavailableError } from "@tideway/errors";
import { createBackoff, pause } from "./backoff.ts";
import type { BusOptions } from "./types.ts";

/** Log again where we wait after this many tries, so that a long wait stays visible and the log short. */
const LOG_EVERY = 12;

/** A user sees only its own answers: its permissions name this prefix. */
export const inboxPrefix = (service: string): string => `_INBOX_${service}`;

/** Handed on to node:tls as it is, so its `servername` works although the client's type does not name it. */
const tlsOf = (o: BusOptions): NonNullable<ConnectionOptions["tls"]> => ({
  ...(o.ca ? { ca: o.ca } : {}),
  ...(o.serverName ? { servername: o.serverName } : {}),
});

const optionsOf = (o: BusOptions): ConnectionOptions => {
  const url = new URL(o.url);
  return {
    servers: `${url.hostname}:${url.port || "4222"}`,
    name: o.service,
    inboxPrefix: inboxPrefix(o.service),
    timeout: 3_000,
    reconnect: true,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    reconnectDelayHandler: () => 100 + Math.random() * 900,
    pingInterval: 5_000,
    maxPingOut: 2,
    ...(url.protocol === "tls:" || o.ca ? { tls: tlsOf(o) } : {}),
    // Who comes by another way than the others do not know how to reach: stay with the address given.
    ...(o.serverName ? { ignoreClusterUpdates: true } : {}),
    ...(o.seed ? { authenticator: nkeyAuthenticator(new TextEncoder().encode(o.seed.trim())) } : {}),
  };
};

/** Tries until the bus answers or the signal aborts, and says where it waits. */
export const connectPatiently = async (o: BusOptions, signal: AbortSignal): Promise<NatsConnection> => {
  const backoff = createBackoff(200, 5_000);
  for (let tries = 0; !signal.aborted; tries++) {
    try {
      return await connect(optionsOf(o));
    } catch (err) {
      const retryInMs = backoff.nextMs();
      if (tries % LOG_EVERY === 0)
        o.log.warn(
          { bus: o.url, reason: describeError(err), tries: tries + 1, retryInMs },
          "waiting for the bus",
        );
      await pause(retryInMs, signal);
    }
  }
  throw new UnavailableError(`stopped before the bus at ${o.url} answered`);
};
