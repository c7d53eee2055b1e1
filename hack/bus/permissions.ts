import { join } from "node:path";
import { entityOf, factsOf, publishersOf } from "../../protos/generator/events.ts";
import { parsePackages } from "../../protos/generator/packages.ts";

export interface Permissions {
  publish: string[];
  subscribe: string[];
}

/** Reads facts and history, says nothing: for people and for programs outside of Tideway. */
export const READER = "reader";
/** Services with the entities they publish, as the protos say: `Publisher: auth`. */
export const publishers = (): Record<string, string[]> => {
  const out: Record<string, string[]> = {};
  for (const pkg of parsePackages(join(import.meta.dirname, "../../protos")))
    if (pkg.concern === "events")
      for (const message of factsOf(pkg))
        for (const service of publishersOf(message)) (out[service] ??= []).push(entityOf(message));
  return out;
};

const STREAMS = ["TIDEWAY_FACTS", "TIDEWAY_EVENTS"];
const forStreams = (verb: string): string[] => STREAMS.map((stream) => `$JS.API.${verb}.${stream}`);

/** The one that brings the streams' configuration up to date after an upgrade: an update could also empty them. */
const KEEPER = "discovery";

/** Who is exposed to packets of anybody hears only what it needs, makes no streams, and records nothing of a peer. */
const CONFINED: Record<string, string[]> = { "mdns-agent": ["door", "sighting"] };

/** Records of the audit are only said, and nobody is known by a packet. */
const wordsOf = (entity: string): string =>
  entity === "audit" ? "tideway.v1.audit.unknown.*" : `tideway.v1.${entity}.>`;

const confined = (service: string, entities: string[], heard: string[]): Permissions => ({
  publish: [
    ...entities.map(wordsOf),
    ...entities.map((e) => `$JS.API.DIRECT.GET.TIDEWAY_FACTS.${wordsOf(e)}`),
    ...forStreams("STREAM.INFO"),
    ...heard.map((e) => `$JS.API.CONSUMER.CREATE.TIDEWAY_FACTS.*.tideway.v1.${e}.>`),
    "$JS.FC.TIDEWAY_FACTS.>",
  ],
  // its own too: what is stored already is not said again
  subscribe: [`_INBOX_${service}.>`, ...entities.filter((e) => e !== "audit").map(wordsOf)],
});

/**
 * A service says facts of its own entities and hears all. It may make the streams (the bus may have lost its
 * storage), but not delete or purge them.
 */
export const permissionsOf = (service: string, entities: string[]): Permissions =>
  CONFINED[service]
    ? confined(service, entities, CONFINED[service])
    : permissionsOfService(service, entities);

const permissionsOfService = (service: string, entities: string[]): Permissions => ({
  publish: [
    ...entities.map((e) => `tideway.v1.${e}.>`),
    ...forStreams("STREAM.CREATE"),
    ...(service === KEEPER ? forStreams("STREAM.UPDATE") : []),
    ...forStreams("STREAM.INFO"),
    ...entities.map((e) => `$JS.API.DIRECT.GET.TIDEWAY_FACTS.tideway.v1.${e}.>`),
    "$JS.API.CONSUMER.CREATE.TIDEWAY_FACTS.>",
    "$JS.FC.TIDEWAY_FACTS.>",
  ],
  subscribe: [`_INBOX_${service}.>`, "tideway.v1.>"],
});

export const readerPermissions = (): Permissions => ({
  publish: [
    "$JS.API.INFO",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.LIST",
    "$JS.API.DIRECT.GET.TIDEWAY_FACTS",
    "$JS.API.DIRECT.GET.TIDEWAY_FACTS.>",
    ...forStreams("STREAM.INFO"),
    ...forStreams("STREAM.MSG.GET"),
    ...forStreams("CONSUMER.NAMES"),
    ...forStreams("CONSUMER.LIST"),
    ...STREAMS.flatMap((stream) => [
      `$JS.API.CONSUMER.CREATE.${stream}`,
      `$JS.API.CONSUMER.CREATE.${stream}.>`,
      `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.>`,
      `$JS.API.CONSUMER.INFO.${stream}.>`,
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.>`,
      `$JS.API.CONSUMER.DELETE.${stream}.>`,
      `$JS.ACK.${stream}.>`,
      `$JS.FC.${stream}.>`,
    ]),
  ],
  subscribe: [`_INBOX_${READER}.>`, "_INBOX.>", "tideway.v1.>"],
});
