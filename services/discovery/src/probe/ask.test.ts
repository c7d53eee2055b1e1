import { type AuthClient, DeniedError, type DescribeResponse } from "@tideway/authclient";
import { ForbiddenError, InvalidError, TimeoutError, UnavailableError } from "@tideway/errors";
import { expect, it } from "vitest";
import { ANSWER, NOW } from "../peer/fixtures.ts";
import type { Target } from "../ports.ts";
import { createAsk } from "./ask.ts";
import type { Outcome } from "./health.ts";

const west: Target = { clusterID: "west-id", endpoint: "192.0.2.1:443", pins: ["a"] };

const ask = (connect: () => Promise<AuthClient>, timeoutMs = 2000): Promise<Outcome> =>
  createAsk({ connect }, timeoutMs, () => NOW)(west, new AbortController().signal);
const answering =
  (clusterId: string, more: Partial<DescribeResponse> = {}) =>
  (): Promise<AuthClient> =>
    Promise.resolve({
      describe: () =>
        Promise.resolve({
          clusterId,
          clusterName: "west",
          timeMs: NOW,
          protocolVersion: "0.2",
          capabilities: [],
          ...more,
        }),
    } as unknown as AuthClient);

it("is content with the cluster it looks for", async () => {
  expect(await ask(answering("west-id"))).toEqual(ANSWER);
});

it("hears of a peer that says nothing of versions as of the release before they were said", async () => {
  expect(await ask(answering("west-id", { protocolVersion: "" }))).toMatchObject({ version: "0.1" });
});

it("measures how far the peer's clock is ahead", async () => {
  expect(await ask(answering("west-id", { timeMs: NOW - 37_000 }))).toMatchObject({ skewMs: -37_000 });
});

it("names both clusters when another one answers", async () => {
  const outcome = await ask(answering("other-id"));
  expect(outcome).toMatchObject({ ok: false, reason: "ClusterIDChanged" });
  expect(outcome.ok ? "" : outcome.error).toMatch(/other-id.*west-id/);
});

it.each([
  [new UnavailableError("refused"), "Unreachable", "refused"],
  [
    new UnavailableError("late", { cause: new TimeoutError("after 2.001 s") }),
    "Timeout",
    "no answer within 2000 ms",
  ],
  [new ForbiddenError("another pin"), "WrongKey", "another pin"],
  [new InvalidError("pins: none given"), "WrongKey", "pins: none given"],
  [new DeniedError("RateLimited", "too many"), "Unreachable", "too many"],
])("%s is %s", async (err, reason, error) => {
  expect(await ask(() => Promise.reject(err))).toEqual({ ok: false, reason, error });
});

it("does not wait longer than the timeout, connecting included", async () => {
  const outcome = await ask(() => new Promise(() => undefined), 20);
  expect(outcome).toEqual({ ok: false, reason: "Timeout", error: "no answer within 20 ms" });
});
