import { describe, expect, test } from "vitest";
import { makeProgram } from "../program.ts";
import { clusterIn, complete } from "./complete.ts";

const some =
  (...names: string[]) =>
  () =>
    Promise.resolve(names);
const names = {
  peers: some("west", "north"),
  namespaces: some("default", "demo"),
  offloaded: some("demo"),
  contexts: some("kind-a"),
};
const io = {
  out: () => undefined,
  err: () => undefined,
  stdin: () => Promise.resolve(""),
  color: false,
  env: {},
  signal: new AbortController().signal,
  now: Date.now,
  exitCode: 0,
};
const tab = (...words: string[]): Promise<string[]> => complete(makeProgram(io), words, names);

describe("a tab key offers", () => {
  test.each<[string[], string[]]>([
    [["un"], ["unoffload", "unpeer"]],
    [
      ["unpeer", ""],
      ["north", "west"],
    ],
    [["unpeer", "west", ""], []],
    [["status", "w"], ["west"]],
    [
      ["network", ""],
      ["bench", "status", "test"],
    ],
    [["network", "test", "w"], ["west"]],
    [["network", "bench", "--st"], ["--streams"]],
    [["network", "test", "--peer-context", ""], ["kind-a"]],
    [["offload", ""], ["namespace"]],
    [
      ["offload", "namespace", "de"],
      ["default", "demo"],
    ],
    [
      ["offload", "ns", "de"],
      ["default", "demo"],
    ],
    [["unoffload", "namespace", ""], ["demo"]],
    [
      ["offload", "namespace", "--pod-offloading-strategy", "L"],
      ["Local", "LocalAndRemote"],
    ],
    [
      ["events", "--peer", ""],
      ["north", "west"],
    ],
    [["--context", ""], ["kind-a"]],
    [["--context", "kind-a", "stat"], ["status"]],
    [["status", "-o", "j"], ["json"]],
    [["status", "--timeout", ""], []],
    [
      ["completion", ""],
      ["bash", "fish", "zsh"],
    ],
    [["invite", "--st"], ["--standing"]],
    [["nonsense", ""], []],
  ])("%j: %j", async (words, found) => expect(await tab(...words)).toEqual(found));

  test("the commands and not the hidden one", async () => {
    const found = await tab("");
    expect(found).toContain("peer");
    expect(found.join()).not.toMatch(/__complete|help/);
  });
});

test("names are those of the cluster that the line speaks of", () => {
  expect(clusterIn(["unpeer", "--context", "a", "--kubeconfig=/k", ""])).toEqual({
    context: "a",
    kubeconfig: "/k",
  });
  expect(clusterIn(["unpeer", "--context", ""])).toEqual({});
});
