import { isForbidden, isUnavailable } from "@tideway/errors";
import { describe, expect, it } from "vitest";
import { errorIn } from "./client.ts";

describe("the error that an answer tells of", () => {
  it("is in the words of its Status", () => {
    const err = errorIn(403, '{"kind":"Status","reason":"Forbidden","message":"may not"}', "GET /x");
    expect([err.message, isForbidden(err)]).toEqual(["GET /x: may not", true]);
  });
  it.each([
    ["a proxy's words", "<h1>Bad gateway</h1>", "GET /x: HTTP 502 <h1>Bad gateway</h1>"],
    ["nothing", "", "GET /x: HTTP 502"],
    ["null", "null", "GET /x: HTTP 502"],
    ["words without end", "x".repeat(1_000), `GET /x: HTTP 502 ${"x".repeat(200)}`],
  ])("is what the code says where the body is %s", (_what, text, message) => {
    const err = errorIn(502, text, "GET /x");
    expect([err.message, isUnavailable(err)]).toEqual([message, true]);
  });
});
