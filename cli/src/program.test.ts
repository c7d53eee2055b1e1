import { describe, expect, test } from "vitest";
import { tideway } from "../test/io.ts";
import { EXIT } from "./exit.ts";

describe("wrong usage ends with 2, says what is wrong and asks no cluster", () => {
  test.each([
    ["an unknown command", ["pear"], "unknown command 'pear'"],
    ["an unknown option", ["status", "--verbose"], "unknown option '--verbose'"],
    ["a missing argument", ["peer"], "missing required argument 'invitation'"],
    ["an argument too many", ["status", "a", "b"], "too many arguments"],
    ["an option without its value", ["invite", "--ttl"], "argument missing"],
    ["a bad duration", ["invite", "--ttl", "soon"], '--ttl: "soon" is not a duration'],
    ["a time to live that is too long", ["invite", "--ttl", "9999d"], '--ttl: "9999d" is too long'],
    ["a bad timeout", ["status", "--timeout", "0s"], '--timeout: "0s" must be longer than nothing'],
    ["a bad format", ["status", "-o", "xml"], '--output: "xml" is not known'],
    [
      "no invitation",
      ["peer", "hello there"],
      "this is not an invitation: invitation: must begin with tideway://",
    ],
    ["a damaged invitation", ["peer", "tideway://e30"], "invitation.v: version none"],
    [
      "a bad strategy",
      ["offload", "namespace", "a", "--pod-offloading-strategy", "Far"],
      '"Far" is not known',
    ],
    [
      "a bad selector",
      ["offload", "namespace", "a", "--selector", "a=b=c"],
      '"a=b=c" is not a label selector',
    ],
    ["a namespace that stays", ["offload", "namespace", "kube-system"], "stays at home"],
    ["a bad moment", ["events", "--since", "tuesday"], '--since: "tuesday" is neither'],
    ["no count of streams", ["network", "bench", "--streams", "many"], '--streams: "many" is not'],
    ["a bad patience", ["network", "test", "--patience", "much"], '--patience: "much" is not a duration'],
    ["an unknown shell", ["completion", "csh"], 'no completion for "csh"'],
  ])("%s", async (_, argv, message) => {
    const ran = await tideway(argv, { env: { KUBECONFIG: "/nowhere" } });
    expect(ran.err).toContain(message);
    expect(ran.code).toBe(EXIT.usage);
    expect(ran.out).toBe("");
  });

  test("a slip of the pen gets a suggestion", async () =>
    expect((await tideway(["statsu"])).err).toContain("Did you mean status?"));
});

describe("what fails ends with 1 and says where and what next", () => {
  test("no kubeconfig", async () => {
    const ran = await tideway(["status"], { env: { KUBECONFIG: "/nowhere/config" } });
    expect(ran.err).toContain("kubeconfig /nowhere/config cannot be read; check KUBECONFIG or --kubeconfig");
    expect(ran.code).toBe(EXIT.failed);
  });
});

describe("help and version need no cluster", () => {
  test("help names commands, global options and exit codes", async () => {
    const ran = await tideway(["--help"]);
    expect(ran.code).toBe(EXIT.ok);
    for (const word of [
      "invite",
      "peer",
      "unpeer",
      "offload",
      "status",
      "network",
      "events",
      "--context",
      "3 timed out",
    ])
      expect(ran.out).toContain(word);
    expect(ran.out).not.toContain("__complete");
  });

  test("help of a command names the global options too", async () => {
    const ran = await tideway(["offload", "namespace", "--help"]);
    expect(ran.out).toContain("--pod-offloading-strategy");
    expect(ran.out).toContain("--kubeconfig");
  });

  test("version --client", async () => {
    const ran = await tideway(["version", "--client", "-o", "json"]);
    expect(JSON.parse(ran.out)).toEqual({ client: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    expect(ran.code).toBe(EXIT.ok);
  });

  test("global options may stand before the command", async () =>
    expect(JSON.parse((await tideway(["-o", "json", "version", "--client"])).out)).toHaveProperty("client"));
});
