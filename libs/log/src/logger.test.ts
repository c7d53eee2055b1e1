import { expect, test } from "vitest";
import { createLogger } from "./index.ts";

const capture = () => {
  const lines: string[] = [];
  const log = createLogger({
    service: "auth",
    level: "debug",
    destination: { write: (l) => void lines.push(l) },
  });
  return {
    log,
    last: () => JSON.parse(lines.at(-1) ?? "{}") as Record<string, unknown>,
    text: () => lines.join(""),
  };
};

test("a line is JSON with service, level and time", () => {
  const { log, last } = capture();
  log.info({ peer: "west" }, "peer found");
  expect(last()).toMatchObject({ service: "auth", level: "info", peer: "west", message: "peer found" });
  expect(Date.parse(String(last().time))).not.toBeNaN();
});

test.each([
  ["a token", { token: "s3cret" }],
  ["a header in any case", { headers: { Authorization: "Bearer s3cret" } }],
  ["a private key", { key: "-----BEGIN PRIVATE KEY-----s3cret" }],
  ["a seed deep inside", { a: [{ b: { seed: "SUs3cret" } }] }],
  [
    "the data of a Secret",
    { obj: { kind: "Secret", data: { "ca.crt": "s3cret" }, stringData: { x: "s3cret" } } },
  ],
  [
    "a request held by an error",
    { err: Object.assign(new Error("boom"), { headers: { authorization: "s3cret" } }) },
  ],
])("redacts %s", (_what, fields) => {
  const { log, text } = capture();
  log.error(fields, "failed");
  log.child(fields).info("child");
  expect(text()).not.toContain("s3cret");
});

test("keeps the key of a reconciler", () => {
  const { log, last } = capture();
  log.child({ key: "tideway-system/request" }).info("done");
  expect(last().key).toBe("tideway-system/request");
});

test("an error shows its causes in one line", () => {
  const { log, last } = capture();
  log.error({ err: new Error("cannot list", { cause: new Error("refused") }) }, "failed");
  expect(last().err).toMatchObject({ type: "Error", message: "cannot list: refused" });
});
