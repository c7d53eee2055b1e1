import type { BorderPolicy } from "@tideway/api";
import { describe, expect, it } from "vitest";
import { judge } from "./decide.ts";

const known = [
  { id: "2222", name: "west" },
  { id: "3333", name: "north" },
];
const judged = (spec: Partial<BorderPolicy["spec"]>, peers = known) =>
  judge({ metadata: { name: "p" }, spec: { peers: ["west"], namespaces: ["bank"], ...spec } }, peers);

describe("a BorderPolicy", () => {
  it.each<[string, Partial<BorderPolicy["spec"]>, string, string]>([
    ["for a peer by name", {}, "True", "Active"],
    ["for a peer by ID", { peers: ["3333"] }, "True", "Active"],
    ["for all", { peers: ["*"] }, "True", "Active"],
    ["for nodes alone", { namespaces: [], nodes: true }, "True", "Active"],
    ["for a name that nobody has", { peers: ["wset"] }, "False", "UnknownPeer"],
    ["for some that nobody has", { peers: ["west", "wset"] }, "True", "ActiveForSome"],
    ["for what is no name", { peers: ["we st"] }, "False", "InvalidPeer"],
    ["for what is no namespace", { namespaces: ["Bank!"] }, "False", "InvalidNamespace"],
    ["that opens nothing", { namespaces: [] }, "False", "OpensNothing"],
  ])("%s", (_, spec, status, reason) => {
    expect(judged(spec).line).toMatchObject({ status, reason });
  });

  it("says which name is unknown, which ones there are, and what to do", () => {
    const { line, fact } = judged({ peers: ["wset"] });
    expect(line.message).toMatch(
      /name or ID wset \(the peers are north, west\); correct spec.peers, or peer/,
    );
    expect(fact?.peers).toEqual(["wset"]); // for the peer to come
    expect(judged({}, []).line.message).toContain("there is no peer yet");
  });
});
