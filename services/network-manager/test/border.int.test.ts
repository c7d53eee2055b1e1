/** BorderPolicies on a real API server: what they open is a fact, and their owner reads why one opens nothing. */
import { type BorderPolicy, borderPolicies } from "@tideway/api";
import { afterAll, beforeAll, expect, it } from "vitest";
import { addPeer, eventually, startWorld, type World } from "./world.ts";

let w: World;
beforeAll(async () => {
  w = await startWorld();
  await addPeer(w, "west", "incoming");
});
afterAll(() => w?.stop());

const write = (name: string, spec: BorderPolicy["spec"]): Promise<unknown> =>
  w.kube.apply(borderPolicies, { metadata: { name }, spec }, { fieldManager: "test" });
const ready = (name: string, reason: string) =>
  eventually(
    `${name} ${reason}`,
    async () => (await w.kube.get(borderPolicies, name)).status?.conditions?.find((c) => c.type === "Ready"),
    (c) => c.reason === reason,
  );
const stateOf = (name: string): string | undefined => w.borders.get("local", name)?.data.state;

it("opens what it says, and says so", async () => {
  await write("bank", { peers: ["west"], namespaces: ["bank"], ports: [{ protocol: "TCP", port: 443 }] });
  expect(await ready("bank", "Active")).toMatchObject({
    status: "True",
    message: "west may reach pods of bank on TCP/443",
  });
  await eventually(
    "its fact",
    () => w.borders.get("local", "bank"),
    (f) => f.data.state === "ACTIVE" && f.data.ports.join() === "TCP/443",
  );
});

it("explains a peer that nobody knows, and takes effect when it comes", async () => {
  await write("early", { peers: ["north"], nodes: true });
  expect((await ready("early", "UnknownPeer")).message).toContain("north (the peers are west)");
  await addPeer(w, "north", "incoming");
  expect(await ready("early", "Active")).toMatchObject({ status: "True" });
});

it("that opens nothing is told, and what it opened before is closed", async () => {
  await write("bank", { peers: ["west"], namespaces: [] });
  expect(await ready("bank", "OpensNothing")).toMatchObject({ status: "False" });
  await eventually(
    "closed",
    () => stateOf("bank"),
    (s) => s === "GONE",
  );
});

it("that is deleted is closed", async () => {
  await w.kube.delete(borderPolicies, "early");
  await eventually(
    "closed",
    () => stateOf("early"),
    (s) => s === "GONE",
  );
});
