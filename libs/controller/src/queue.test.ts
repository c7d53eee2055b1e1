import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createQueue, type Queue } from "./queue.ts";

/** A clock that moves only when told, and fires what is due in order. */
const handClock = () => {
  let now = 0;
  let next = 0;
  const timers = new Map<number, { at: number; fn: () => void }>();
  return {
    now: () => now,
    setTimer: (fn: () => void, ms: number) => (timers.set(++next, { at: now + ms, fn }), next),
    clearTimer: (id: unknown) => void timers.delete(id as number),
    advance: (ms: number) => {
      const until = now + ms;
      for (;;) {
        const due = [...timers].filter(([, t]) => t.at <= until).sort((a, b) => a[1].at - b[1].at)[0];
        if (!due) break;
        timers.delete(due[0]);
        now = due[1].at;
        due[1].fn();
      }
      now = until;
    },
  };
};

const drain = async (q: Queue): Promise<string[]> => {
  const keys: string[] = [];
  while (q.length > 0) keys.push((await q.take())!);
  return keys;
};

describe("queue", () => {
  it("hands out a key once however often it was added", async () => {
    const q = createQueue();
    q.add("a");
    q.add("b");
    q.add("a");
    expect(await drain(q)).toEqual(["a", "b"]);
  });

  it("hands a key that was added while in a hand out again, after it is done", async () => {
    const q = createQueue();
    q.add("a");
    expect(await q.take()).toBe("a");
    q.add("a");
    expect(q.length).toBe(0);
    q.done("a");
    expect(await q.take()).toBe("a");
  });

  it("keeps the earliest of several delays", async () => {
    const clock = handClock();
    const q = createQueue(clock);
    q.addAfter("a", 100);
    q.addAfter("a", 10);
    q.addAfter("a", 50);
    clock.advance(9);
    expect(q.length).toBe(0);
    clock.advance(1);
    expect(await drain(q)).toEqual(["a"]);
    clock.advance(1000);
    expect(q.length).toBe(0);
  });

  it("doubles the delay of a failing key up to the bound, and starts over when forgotten", () => {
    const delays: number[] = [];
    const q = createQueue({
      backoffMs: { first: 10, max: 100 },
      random: () => 1,
      now: () => 0,
      setTimer: (_fn, ms) => delays.push(ms),
      clearTimer: () => undefined,
    });
    const fail = (): void => {
      q.addRateLimited("a");
      q.add("a"); // cancels the delay, so that the next one is not shadowed by it
    };
    for (let i = 0; i < 6; i++) fail();
    expect(delays).toEqual([10, 20, 40, 80, 100, 100]);
    q.forget("a");
    fail();
    expect(delays.at(-1)).toBe(10);
  });

  it("gives waiting hands nothing more after close", async () => {
    const q = createQueue();
    const taken = q.take();
    q.close();
    q.add("a");
    expect(await taken).toBeUndefined();
    expect(await q.take()).toBeUndefined();
  });

  it("never loses a key, and never has one in two hands, whatever the order of events", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.record({ do: fc.constant("add" as const), key: fc.constantFrom("a", "b", "c") }),
            fc.record({
              do: fc.constant("after" as const),
              key: fc.constantFrom("a", "b", "c"),
              ms: fc.nat(50),
            }),
            fc.record({ do: fc.constant("fail" as const), key: fc.constantFrom("a", "b", "c") }),
            fc.record({ do: fc.constant("take" as const) }),
            fc.record({ do: fc.constant("done" as const) }),
            fc.record({ do: fc.constant("advance" as const), ms: fc.nat(100) }),
          ),
          { maxLength: 60 },
        ),
        async (steps) => {
          const clock = handClock();
          const q = createQueue({ ...clock, backoffMs: { first: 5, max: 40 } });
          const hands: string[] = [];
          const owed = new Set<string>(); // keys added since they were last taken
          for (const s of steps) {
            if (s.do === "add") (q.add(s.key), owed.add(s.key));
            else if (s.do === "after") (q.addAfter(s.key, s.ms), owed.add(s.key));
            else if (s.do === "fail") (q.addRateLimited(s.key), owed.add(s.key));
            else if (s.do === "advance") clock.advance(s.ms);
            else if (s.do === "take" && q.length > 0) {
              const key = (await q.take())!;
              expect(hands).not.toContain(key);
              hands.push(key);
              owed.delete(key);
            } else if (s.do === "done" && hands.length > 0) q.done(hands.shift()!);
          }
          for (const key of hands.splice(0)) q.done(key);
          clock.advance(1_000);
          const rest = await drain(q);
          for (const key of owed) expect(rest).toContain(key);
          expect(new Set(rest).size).toBe(rest.length);
        },
      ),
    ));
});
