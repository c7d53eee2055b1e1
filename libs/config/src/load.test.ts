import { Type } from "@sinclair/typebox";
import { isInvalid } from "@tideway/errors";
import { expect, test } from "vitest";
import { commonConfig, loadConfig, readOptionalFile } from "./index.ts";

const schema = Type.Object({
  probeSeconds: Type.Integer({ minimum: 1, maximum: 60, default: 5 }),
  peers: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { maxItems: 2 })),
  mode: Type.Union([Type.Literal("Hold"), Type.Literal("Fence")], { default: "Hold" }),
  verbose: Type.Boolean({ default: false }),
  token: Type.Optional(Type.String({ minLength: 8, secret: true })),
});

test("fills defaults and converts what is set", () => {
  expect(loadConfig(schema, { PROBE_SECONDS: "7", PEERS: "a, b", VERBOSE: "true", MODE: "" })).toEqual({
    probeSeconds: 7,
    peers: ["a", "b"],
    mode: "Hold",
    verbose: true,
  });
});

test.each([
  [{ PROBE_SECONDS: "0" }, 'PROBE_SECONDS (probeSeconds) is "0", but must be at least 1'],
  [{ PROBE_SECONDS: "61" }, "must be at most 60"],
  [{ PROBE_SECONDS: "1.5" }, "must be a whole number"],
  [{ PROBE_SECONDS: "soon" }, "must be a number"],
  [{ MODE: "Kill" }, "must be one of Hold, Fence"],
  [{ VERBOSE: "yes" }, "must be true or false"],
  [{ PEERS: "a,b,c" }, "must have at most 2 entries"],
  [{ PEERS: "a,," }, "must have at least 1 characters"],
])("refuses %j by name, value and bound", (env, message) => {
  expect(() => loadConfig(schema, env)).toThrow(message);
});

test("collects every mistake into one InvalidError and hides secrets", () => {
  try {
    loadConfig(schema, { PROBE_SECONDS: "x", MODE: "y", TOKEN: "hunter2" });
    expect.unreachable();
  } catch (err) {
    expect(isInvalid(err)).toBe(true);
    expect(String(err)).toMatch(/PROBE_SECONDS.*MODE.*TOKEN/);
    expect(String(err)).not.toContain("hunter2");
  }
});

test("names a missing variable of the common part", () => {
  expect(() => loadConfig(Type.Object(commonConfig), {})).toThrow(
    "TIDEWAY_CLUSTER_NAME (clusterName) is not set; POD_NAME (podName) is not set",
  );
});

test("a file that cannot be read is a configuration mistake that names the field", () => {
  expect(readOptionalFile(undefined, "busSeedFile")).toBeUndefined();
  expect(() => readOptionalFile("/nowhere/seed", "busSeedFile")).toThrow("busSeedFile names /nowhere/seed");
});
