import { describe, expect, it } from "vitest";
import { createWindow } from "./window.ts";
import { answerTo, ask, readAnswer } from "./packet.ts";

const window = () => createWindow({ intervalMs: 250, lostMs: 1000 });

describe("what the last probes tell", () => {
  it("knows nothing before the first answer", () => {
    const w = window();
    w.sent(1, 0);
    w.judge(0);
    expect(w.health(100)).toEqual({ alive: false, lastAnswer: undefined, latencyMs: 0, loss: 0 });
  });

  it("is alive from the first answer on, until a second without one", () => {
    const w = window();
    w.sent(1, 0);
    expect(w.answered(1, 3)).toBe(true);
    for (let at = 250; at <= 1000; at += 250) {
      w.sent(1 + at / 250, at);
      w.judge(at);
    }
    expect(w.health(1000).alive).toBe(true);
    w.judge(1250);
    expect(w.health(1250)).toMatchObject({ alive: false, lastAnswer: 3 });
  });

  it("counts only probes that had their time as lost", () => {
    const w = window();
    for (let i = 0; i < 8; i++) w.sent(i, i * 250);
    for (const i of [0, 1, 2]) w.answered(i, i * 250 + 4);
    // Of those without an answer, only the one sent at 750 is a second old.
    expect(w.health(1750)).toMatchObject({ latencyMs: 4, loss: 0.25 });
  });

  it("does not take the time before the way was open for the way's", () => {
    const w = window();
    for (let i = 0; i < 10; i++) w.sent(i, i * 25);
    expect(w.answered(0, 450)).toBe(true);
    w.opened();
    // What waited with it comes at once too, and is no measure.
    expect(w.answered(1, 451)).toBe(false);
    expect(w.health(451)).toMatchObject({ alive: true, latencyMs: 450, loss: 0 });
    w.sent(10, 451);
    w.answered(10, 453);
    expect(w.health(2000)).toMatchObject({ latencyMs: 2, loss: 0 });
  });

  it("takes an answer once, and none to what was never asked", () => {
    const w = window();
    w.sent(1, 0);
    expect([w.answered(1, 1), w.answered(1, 2), w.answered(9, 2)]).toEqual([true, false, false]);
  });

  it("does not blame the peer for a pause of its own process", () => {
    const w = window();
    w.sent(1, 0);
    w.answered(1, 1);
    w.judge(250);
    w.judge(5000);
    expect(w.health(5000).alive).toBe(true);
    w.judge(5250);
    expect(w.health(5250).alive).toBe(false);
  });
});

describe("a probe", () => {
  it("comes back as an answer with the same number and token", () => {
    const probe = { sequence: 7, token: 123n };
    expect(readAnswer(answerTo(ask(probe)) ?? Buffer.alloc(0))).toEqual(probe);
  });

  it("is answered only when it is one", () => {
    expect(answerTo(Buffer.from("hello"))).toBeUndefined();
    const answer = answerTo(ask({ sequence: 1, token: 1n }));
    expect(answer && answerTo(answer)).toBeUndefined();
  });
});
