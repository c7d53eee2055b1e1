import { describe, expect, test } from "vitest";
import { renderJunit } from "./junit.ts";
import type { Cell } from "./plan.ts";
import { renderTest } from "./render.ts";
import { judge, reportOf } from "./report.ts";
import { parseOutcomes } from "./run.ts";

const cell = (more: Partial<Cell> = {}): Cell => ({
  id: "001 pod-pod http a -> b",
  kind: "pod-pod",
  from: "ours/gateway",
  to: "theirs/1",
  check: "http",
  host: "10.1.2.3",
  port: 8080,
  timeoutMs: 1,
  expect: "pass",
  ...more,
});
const blocked = cell({ id: "2", kind: "denied", expect: "blocked", why: "its namespace is not offloaded" });

describe("a cell", () => {
  test("that passes is ok, with who answered and the source that was seen", () =>
    expect(
      judge(cell(), { id: "1", reached: true, attempts: 1, ms: 1.234, who: "b", from: "::ffff:10.9.9.9" }),
    ).toMatchObject({ result: "ok", ms: 1.23, who: "b", sawSource: "10.9.9.9" }));
  test("that does not is failed, with the last error", () =>
    expect(judge(cell(), { id: "1", reached: false, attempts: 9, detail: "timed out" })).toMatchObject({
      result: "failed",
      detail: "timed out",
    }));
  test("that is blocked as it should be is ok", () =>
    expect(judge(blocked, { id: "2", reached: false, attempts: 2, detail: "timed out" })).toMatchObject({
      result: "ok",
    }));
  test("that gets through the border is failed", () =>
    expect(judge(blocked, { id: "2", reached: true, attempts: 1, who: "b" }).detail).toBe(
      "reached, although its namespace is not offloaded: b answered",
    ));
  test("that no probe answered is failed, also where blocking was expected", () =>
    expect(judge(blocked, undefined, "the probe died")).toMatchObject({
      result: "failed",
      detail: "the probe died",
    }));
  test("that the image cannot do is skipped", () =>
    expect(judge(cell(), { id: "1", skipped: "the image has no ping" }).result).toBe("skipped"));
});

test("what else a pod prints is no outcome", () =>
  expect(parseOutcomes('warning\n{"id":"1","reached":true}\n')).toEqual([{ id: "1", reached: true }]));

describe("a report", () => {
  const report = reportOf({
    peer: "west",
    image: "i",
    startedAt: "2026-01-31T12:00:00.000Z",
    elapsedMs: 1234.5,
    notes: ["another node here than the gateway's: there is none"],
    spots: [],
    cells: [
      judge(cell(), { id: "1", reached: true, attempts: 1, ms: 2 }),
      judge(cell({ id: "3", check: "body" }), {
        id: "3",
        reached: false,
        attempts: 3,
        detail: 'said "<no>" & left',
      }),
      judge(cell({ id: "4", check: "ping" }), { id: "4", skipped: "the image has no ping" }),
      judge(blocked, { id: "2", reached: false, attempts: 2 }),
    ],
  });
  const look = { paint: (_: string, text: string) => text, wide: false };

  test("counts", () => expect(report).toMatchObject({ passed: 2, failed: 1, skipped: 1, elapsedMs: 1235 }));

  test("as a table has a row a source and target, then what failed, what was not tested, and the sum", () => {
    const text = renderTest(report, look);
    expect(text).toMatch(/pod-pod +ours\/gateway +theirs\/1 +pass +failed \(body\)/);
    expect(text).toMatch(/denied +ours\/gateway +theirs\/1 +blocked +ok \(http\)/);
    expect(text).toContain('failed: 3 (10.1.2.3:8080): said "<no>" & left');
    expect(text).toContain("not tested: another node here");
    expect(text).toContain("west: 2 passed, 1 failed, 1 skipped in 1235 ms");
  });

  test("wide has a row a cell", () =>
    expect(renderTest(report, { ...look, wide: true })).toMatch(
      /pod-pod +http +ours\/gateway +theirs\/1 +10.1.2.3 +pass +ok +2.0 +1/,
    ));

  test("as JUnit has a suite a kind and a case a cell, escaped", () => {
    const xml = renderJunit(report);
    expect(xml).toContain('<testsuites tests="4" failures="1" skipped="1" time="1.235">');
    expect(xml).toContain('<testsuite name="network west: pod-pod" tests="3" failures="1" skipped="1"');
    expect(xml).toContain('<failure message="said &quot;&lt;no&gt;&quot; &amp; left"/>');
    expect(xml).toContain('name="http ours/gateway -&gt; theirs/1 is blocked"');
    expect(xml.match(/<testcase/g)).toHaveLength(4);
  });
});
