/**
 * Follows a cluster's events from a program of yours: first what happened since it ran last, then what happens.
 * Needs `npm install @nats-io/transport-node @nats-io/jetstream`, and the files that docs/events.md tells how to get.
 *
 *   BUS_URL=127.0.0.1:4222 node subscribe.ts
 */
import { readFileSync } from "node:fs";
import { AckPolicy, DeliverPolicy, jetstreamManager } from "@nats-io/jetstream";
import { connect, nkeyAuthenticator } from "@nats-io/transport-node";

const nc = await connect({
  servers: process.env.BUS_URL ?? "127.0.0.1:4222",
  tls: { ca: readFileSync(process.env.BUS_CA_FILE ?? "ca.crt", "utf8") },
  authenticator: nkeyAuthenticator(readFileSync(process.env.BUS_SEED_FILE ?? "reader.nk")),
});

// A durable consumer keeps your place on the server: give it a name of your own.
const jsm = await jetstreamManager(nc);
await jsm.consumers.add("TIDEWAY_EVENTS", {
  durable_name: "my-program",
  deliver_policy: DeliverPolicy.All,
  ack_policy: AckPolicy.Explicit,
  filter_subject: "tideway.v1.>",
});

const consumer = await jsm.jetstream().consumers.get("TIDEWAY_EVENTS", "my-program");
for await (const m of await consumer.consume()) {
  console.log(m.headers?.get("ce-time"), m.headers?.get("ce-type"), m.subject, m.string());
  m.ack(); // done with it: it does not come again
}
