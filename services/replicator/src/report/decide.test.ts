import { expect, test } from "vitest";
import type { Summary } from "../peer/session.ts";
import { BEHIND_MS, type Look, reportOn, reportRefused } from "./decide.ts";

const peer = {
  id: "id-west",
  name: "west",
  localNamespace: "l",
  remoteNamespace: "r",
  server: "https://192.0.2.7:6443",
};
const look = (summary: Partial<Summary> = {}, o: Partial<Look> = {}): Look => ({
  peer,
  summary: {
    link: { status: "Up" },
    synced: true,
    problem: undefined,
    error: undefined,
    backlog: 0,
    objects: 2,
    taken: [],
    tooMuch: [],
    ...summary,
  },
  waitingMs: 0,
  retryMs: 2_500,
  ...o,
});

test.each<[string, Look, [string, string, string] | undefined]>([
  ["up", look(), ["CONNECTED", "True", "Connected"]],
  ["up with nothing of ours on either side", look({ objects: 0 }), ["IDLE", "True", "Connected"]],
  ["up with something on its way", look({ backlog: 1 }), ["CONNECTED", "True", "Connected"]],
  [
    "up with something on its way for long",
    look({ backlog: 1 }, { waitingMs: BEHIND_MS }),
    ["CONNECTED", "False", "Behind"],
  ],
  ["away", look({ link: { status: "Down", error: "refused" } }), ["DISCONNECTED", "False", "Disconnected"]],
  ["more than is copied", look({ tooMuch: ["ResourceOffer/o65"] }), ["CONNECTED", "False", "TooMuch"]],
  ["a name that is taken", look({ taken: ["ResourceOffer/offer"] }), ["CONNECTED", "False", "NameTaken"]],
  [
    "a kind that may not be read",
    look({ synced: false, problem: "forbidden" }),
    ["DISCONNECTED", "False", "NotSynced"],
  ],
  ["not yet connected", look({ link: { status: "Connecting" } }), undefined],
  ["not yet read", look({ synced: false }), undefined],
])("%s", (_name, seen, expected) => {
  const report = reportOn(seen);
  expect(report && [report.fact.state, report.condition.status, report.condition.reason]).toEqual(expected);
});

test("what is wrong names the address, the error and the next attempt", () => {
  expect(
    reportOn(look({ link: { status: "Down", error: "connect ECONNREFUSED 192.0.2.7:6443" } }))?.condition
      .message,
  ).toBe(
    "west at https://192.0.2.7:6443 cannot be used: connect ECONNREFUSED 192.0.2.7:6443; tried again every 2.5 s at the latest",
  );
  expect(
    reportOn(look({ backlog: 3, error: "spec.size is too big" }, { waitingMs: 60_000 }))?.condition.message,
  ).toContain("3 objects wait");
});

test("a peer that refuses us is told apart from one that is away", () => {
  expect(reportRefused("id-west", "west", "revoked by the owner")).toMatchObject({
    condition: { status: "False", reason: "IdentityRefused" },
    fact: { state: "DISCONNECTED", clusterId: "id-west" },
  });
});
