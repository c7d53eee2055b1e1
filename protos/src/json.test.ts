import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isInvalid } from "@tideway/errors";
import fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import { factTables } from "./gen/events_v1.ts";
import { decodeFact, encodeFact, isFactName, type FactName } from "./index.ts";

const names = Object.keys(factTables).filter(isFactName);

const dir = join(import.meta.dirname, "../events/v1");
const root = new protobuf.Root();
for (const file of readdirSync(dir)) protobuf.parse(readFileSync(join(dir, file), "utf8"), root);
root.resolveAll();
const messageOf = (fact: string): protobuf.Type =>
  root.lookupType(`tideway.events.v1.${fact.charAt(0).toUpperCase()}${fact.slice(1)}Fact`);

interface Field {
  name: string;
  kind: "string" | "bool" | "number" | "enum" | "message";
  repeated?: boolean;
  map?: boolean;
  values?: readonly string[];
  fields?: readonly Field[];
}
const anyRecord = (fields: readonly Field[]): fc.Arbitrary<object> =>
  fc.record(Object.fromEntries(fields.map((f) => [f.name, anyValue(f)])));
const anyValue = (f: Field): fc.Arbitrary<unknown> => {
  if (f.kind === "message") {
    const part = anyRecord(f.fields ?? []);
    return f.repeated ? fc.array(part, { maxLength: 3 }) : fc.option(part, { nil: undefined });
  }
  const one: fc.Arbitrary<unknown> = {
    string: fc.string(),
    bool: fc.boolean(),
    number: fc.nat(),
    enum: fc.constantFrom(...(f.values ?? [""])),
  }[f.kind];
  if (f.map) return fc.dictionary(fc.stringMatching(/^[a-z.\/-]{1,9}$/), one);
  return f.repeated ? fc.array(one) : one;
};
const anyFact = (fact: FactName): fc.Arbitrary<never> =>
  anyRecord(factTables[fact].fields) as fc.Arbitrary<never>;

describe.each(names)("%s", (fact) => {
  test("comes back as it was", () => {
    fc.assert(
      fc.property(anyFact(fact), (data) => {
        expect(decodeFact(fact, encodeFact(fact, data))).toEqual(data);
      }),
    );
  });

  test("is read the same by a protobuf library over its binary form", () => {
    const type = messageOf(fact);
    fc.assert(
      fc.property(anyFact(fact), (data) => {
        const binary = type.encode(type.fromObject(JSON.parse(encodeFact(fact, data)) as object)).finish();
        const back = type.toObject(type.decode(binary), {
          enums: String,
          defaults: true,
          arrays: true,
          objects: true,
        });
        expect(decodeFact(fact, JSON.stringify(back))).toEqual(data);
      }),
    );
  });

  test("never throws anything but an InvalidError on malformed input", () => {
    const field = fc.constantFrom(...factTables[fact].fields.map((f) => f.name));
    const broken = fc.oneof(
      fc.string(),
      fc.json(),
      fc.dictionary(field, fc.jsonValue()).map((o) => JSON.stringify(o)),
    );
    fc.assert(
      fc.property(broken, (body) => {
        try {
          decodeFact(fact, body);
        } catch (err) {
          expect(isInvalid(err)).toBe(true);
        }
      }),
    );
  });
});

test("one meaning has one text, whatever the order of fields and map entries", () => {
  const a = encodeFact("offer", { clusterId: "x", state: "OFFERED", resources: { cpu: "1", memory: "1Gi" } });
  const b = encodeFact("offer", {
    resources: { memory: "1Gi", cpu: "1" },
    reason: "",
    state: "OFFERED",
    clusterId: "x",
  });
  expect(a).toBe(b);
  expect(a).toBe('{"clusterId":"x","state":"OFFERED","resources":{"cpu":"1","memory":"1Gi"}}');
});

test("a false flag is said, since a person reads it", () => {
  expect(encodeFact("peer", { clusterId: "x", phase: "PRESENT" })).toContain('"outgoing":false');
});

test("reads the names of the proto too, as proto3 JSON demands, and skips unknown fields", () => {
  expect(decodeFact("peer", '{"cluster_id":"x","phase":"GONE","colour":"red"}')).toMatchObject({
    clusterId: "x",
    phase: "GONE",
  });
});

test.each([
  ["not JSON", "{", "is not JSON"],
  ["no object", "[]", "must be a JSON object"],
  ["no state", '{"clusterId":"x"}', "field phase is missing"],
  ["an unknown state", '{"phase":"MAYBE"}', 'field phase must be one of PRESENT, GONE, is "MAYBE"'],
  ["a wrong type", '{"phase":"GONE","outgoing":"yes"}', 'field outgoing must be true or false, is "yes"'],
  ["a wrong entry", '{"phase":"GONE","pins":["a",5]}', "field pins[1] must be a string, is 5"],
  ["no list", '{"phase":"GONE","pins":"a"}', "field pins must be a list"],
])("says what is wrong: %s", (_what, body, message) => {
  expect(() => decodeFact("peer", body)).toThrow(message);
});

test("says which map entry is wrong", () => {
  expect(() => decodeFact("offer", '{"state":"GONE","resources":{"cpu":1}}')).toThrow(
    'field resources["cpu"] must be a string, is 1',
  );
});

test("a message inside is read and written as the fact itself is, and a wrong field of it is named", () => {
  const pool = { name: "gpu", resources: { cpu: "1" }, withdrawal: { state: "DRAINING", since: "" } };
  const body = JSON.stringify({ state: "OFFERED", pools: [pool] });
  expect(decodeFact("offer", body).pools[0]).toMatchObject({
    name: "gpu",
    labels: {},
    withdrawal: { state: "DRAINING", reason: "" },
  });
  expect(encodeFact("offer", decodeFact("offer", body))).toBe(
    '{"state":"OFFERED","pools":[{"name":"gpu","resources":{"cpu":"1"},"withdrawal":{"state":"DRAINING"}}]}',
  );
  expect(() => decodeFact("offer", '{"state":"GONE","pools":[{"withdrawal":{"state":"MAYBE"}}]}')).toThrow(
    "field pools[0].withdrawal.state must be one of SHRINKING, CORDONED, DRAINING",
  );
});
