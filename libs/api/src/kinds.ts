/** Every kind with its schema. Loads TypeBox: for generators and validation, not for a service's main path. */
import * as authentication from "./schema/authentication.ts";
import * as discovery from "./schema/discovery.ts";
import * as networking from "./schema/networking.ts";
import * as offloading from "./schema/offloading.ts";
import * as sharingPolicy from "./schema/sharing-policy.ts";
import * as sharing from "./schema/sharing.ts";
import * as storage from "./schema/storage.ts";
import type { KindDefinition } from "./schema/define.ts";

export type { Column, KindDefinition, Rule } from "./schema/define.ts";

export const kinds: readonly KindDefinition[] = [
  discovery,
  authentication,
  sharingPolicy,
  sharing,
  offloading,
  networking,
  storage,
].flatMap((m) => Object.values(m));
