import { describe, expect, it } from "vitest";
import { poolsOf, wholeOf } from "./all.ts";
import type { Plan } from "./decide.ts";

const vn = (pool?: string) =>
  ({ metadata: { name: "x" }, spec: { clusterID: "w", ...(pool ? { pool } : {}) } }) as never;
const accepted = (...names: string[]) =>
  ({ state: "ACCEPTED", pools: names.map((name) => ({ name })) }) as never;

describe("nodes of a provider", () => {
  it.each([
    ["what is given", accepted("", "gpu"), [], ["", "gpu"]],
    ["what is given and what stands", accepted(""), [vn("gpu")], ["", "gpu"]],
    ["only a pool, where nothing else is given", accepted("gpu"), [], ["gpu"]],
    ["what stands, when nothing is said", undefined, [vn(), vn("gpu")], ["", "gpu"]],
    ["the provider itself, when there is nothing", undefined, [], [""]],
    ["one, of an offer that tells no pools apart", accepted(), [], [""]],
  ])("are %s", (_, offer, standing, pools) => expect(poolsOf(offer, standing)).toEqual(pools));
});

const plan = (state?: string, more: Partial<Plan> = {}): Plan => ({
  effects: [],
  connect: state !== "GONE",
  ...(state ? { fact: { state: state as never, reason: `${state} why` } } : {}),
  condition: {
    type: "Virtualised",
    status: state === "READY" ? "True" : "False",
    reason: state ?? "Taken",
    message: `it is ${state ?? "taken"}`,
  },
  ...more,
});

describe("one word for all of them", () => {
  it.each<[string, Plan[], string | undefined, string]>([
    ["is ready when all are", [plan("READY"), plan("READY")], "READY", "True"],
    ["is ready while one drains", [plan("READY"), plan("DRAINING")], "READY", "True"],
    ["is ready when one is gone", [plan("READY"), plan("GONE")], "READY", "True"],
    ["is not ready when one is not", [plan("READY"), plan("NOT_READY")], "NOT_READY", "False"],
    ["drains until the last is gone", [plan("GONE"), plan("DRAINING")], "DRAINING", "False"],
    ["is gone with the last", [plan("GONE"), plan("GONE")], "GONE", "False"],
    ["is ready though one cannot be made", [plan("READY"), plan()], "READY", "True"],
    ["is nothing when none can be made", [plan()], undefined, "False"],
  ])("%s", (_, plans, state, status) => {
    const whole = wholeOf(plans);
    expect(whole.fact?.state).toBe(state);
    expect(whole.condition?.status).toBe(status);
  });
  it("tells what each of them says, but of those that are gone", () =>
    expect(wholeOf([plan("READY"), plan("DRAINING"), plan("GONE")]).condition?.message).toBe(
      "it is READY; it is DRAINING",
    ));
  it("ends only when nothing of any is left", () => {
    const remove: Plan = plan("GONE", { effects: [{ do: "remove", name: "x" }] });
    expect(wholeOf([remove, plan("READY")]).ends).toBe(false);
    expect(wholeOf([remove, plan("GONE")]).ends).toBe(true);
  });
});
