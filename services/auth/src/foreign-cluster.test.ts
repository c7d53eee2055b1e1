import { expect, test } from "vitest";
import { type Authenticated, combine } from "./foreign-cluster.ts";

const line = (status: Authenticated["status"], reason: string): Authenticated => ({
  status,
  reason,
  message: `it is ${reason}`,
});
const granted = line("True", "Granted");
const tenant = line("True", "TenantGranted");

test.each<[string, Authenticated | undefined, Authenticated | undefined, string | undefined]>([
  ["nothing of nothing", undefined, undefined, undefined],
  ["one direction alone as it is", granted, undefined, "True Granted it is Granted"],
  ["the other alone as it is", undefined, tenant, "True TenantGranted it is TenantGranted"],
  [
    "both, naming the directions",
    granted,
    tenant,
    "True Granted outgoing: it is Granted; incoming: it is TenantGranted",
  ],
  [
    "the worse, where it is the incoming one",
    granted,
    line("False", "TenantRevoked"),
    "False TenantRevoked outgoing: it is Granted; incoming: it is TenantRevoked",
  ],
  [
    "the worse, where it is the outgoing one",
    line("Unknown", "Draining"),
    tenant,
    "Unknown Draining outgoing: it is Draining; incoming: it is TenantGranted",
  ],
])("one condition for both directions says %s", (_, outgoing, incoming, said) => {
  const c = combine({ outgoing, incoming });
  expect(c && `${c.status} ${c.reason} ${c.message}`).toBe(said);
});
