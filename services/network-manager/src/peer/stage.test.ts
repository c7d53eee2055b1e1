import { describe, expect, it } from "vitest";
import { type Stage, stageOf, type Word } from "./stage.ts";

const word = (over: Partial<Word> = {}): Word => ({
  wanted: undefined,
  outgoing: undefined,
  incoming: undefined,
  node: undefined,
  unpeerDeadline: undefined,
  stands: false,
  was: { consumer: false, provider: false },
  brought: false,
  isNew: false,
  now: "2026-01-01T00:00:00Z",
  ...over,
});
const stands = { stands: true, was: { consumer: true, provider: false } };
const serves = { stands: true, was: { consumer: false, provider: true } };

describe("as consumer", () => {
  it.each<[string, Partial<Word>, Stage]>([
    ["prepares before the identity is granted", { wanted: true }, "prepared"],
    ["connects with the identity", { wanted: true, outgoing: "GRANTED" }, "up"],
    [
      "keeps what stands when the identity is away for a while",
      { wanted: true, outgoing: "DENIED", ...stands },
      "up",
    ],
    ["stays up while pods leave", { wanted: false, outgoing: "GRANTED", node: "DRAINING", ...stands }, "up"],
    ["goes when the node is gone", { wanted: false, outgoing: "GRANTED", node: "GONE", ...stands }, "down"],
    ["goes at once where there is no node", { wanted: false, outgoing: "GRANTED", ...stands }, "down"],
    [
      "waits for nobody after the deadline",
      { wanted: false, node: "NOT_READY", unpeerDeadline: "2025-12-31T23:59:59Z", ...stands },
      "down",
    ],
    ["touches nothing when nobody speaks of what stands", { stands: true }, "unknown"],
    ["touches nothing before anybody spoke of the peer", { outgoing: "GRANTED", ...stands }, "unknown"],
  ])("%s", (_, over, stage) => expect(stageOf(word(over)).stage).toBe(stage));

  it("looks again at the deadline", () => {
    const w = word({ wanted: false, node: "DRAINING", unpeerDeadline: "2026-01-01T00:00:05Z", ...stands });
    expect(stageOf(w)).toMatchObject({ stage: "up", recheckMs: 5000 });
  });
});

describe("as provider", () => {
  it.each<[string, Partial<Word>, Stage]>([
    ["tells its parameters with the identity", { wanted: false, incoming: "GRANTED", isNew: true }, "up"],
    ["has told them once", { wanted: false, incoming: "GRANTED" }, "prepared"],
    ["connects when the peer's parameters came", { wanted: false, incoming: "GRANTED", brought: true }, "up"],
    ["falls back when they are gone", { wanted: false, incoming: "GRANTED", ...serves }, "prepared"],
    [
      "goes when the identity is revoked",
      { wanted: false, incoming: "REVOKED", brought: true, ...serves },
      "down",
    ],
    ["goes when the identity is gone", { wanted: false, incoming: "GONE", brought: true }, "down"],
    [
      "touches nothing before anybody spoke of the identity",
      { wanted: false, brought: true, ...serves },
      "unknown",
    ],
    ["is as far as the further direction", { wanted: true, outgoing: "GRANTED", incoming: "GONE" }, "up"],
  ])("%s", (_, over, stage) => expect(stageOf(word(over)).stage).toBe(stage));
});
