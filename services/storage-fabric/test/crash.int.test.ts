import { UnavailableError } from "@tideway/errors";
import { type Kube, persistentVolumeClaims } from "@tideway/k8s";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NS, startWorld, type World } from "./world.ts";

/** Dies after its first `steps` writes: each that follows, and all that is done in its name, never happens. */
const dying = (steps: number) => {
  let left = steps;
  const state = { died: false };
  const wrap = (kube: Kube): Kube => {
    type Call = (...args: unknown[]) => Promise<unknown>;
    const mortal =
      (call: Call): Call =>
      async (...args) => {
        if (left <= 0) {
          state.died = true;
          throw new UnavailableError("the service was killed here");
        }
        left--;
        return call(...args);
      };
    const writes = ["create", "patch", "apply", "delete"] as const;
    return { ...kube, ...Object.fromEntries(writes.map((name) => [name, mortal(kube[name] as Call)])) };
  };
  return { wrap, state };
};

let w: World;
beforeAll(async () => {
  w = await startWorld();
}, 120_000);
afterAll(() => w?.stop(), 60_000);

interface Flow {
  name: string;
  node: string;
  /** What others do meanwhile, again and again. */
  others?: (name: string, uid: string) => Promise<unknown>;
}
const FLOWS: Flow[] = [
  { name: "here", node: "node-1" },
  {
    name: "there",
    node: "west",
    others: (name, uid) => w.answer(uid, name, { state: "ACCEPTED", class: "disk" }),
  },
];

/** Of everything of storage in the cluster. */
const nothingLeft = async (): Promise<boolean> => {
  const claims = w.kube.list(persistentVolumeClaims, { namespace: NS });
  return (await Promise.all([w.seconds(), w.volumes(), claims])).flat().length === 0;
};

describe.each(FLOWS)("killed after each of its writes, a claim $name", ({ name, node, others }) => {
  it("ends bound to one volume, and gone without a trace", { timeout: 600_000 }, async () => {
    for (let step = 0; ; step++) {
      const claim = `${name}-${step}`;
      const first = dying(step);
      await w.restart(first.wrap);
      const { metadata } = await w.claim(claim);
      const uid = metadata.uid ?? "";
      await w.choose(claim, node);
      await others?.(claim, uid);
      await w.wait(
        async () => first.state.died || (await w.get(claim))?.status?.phase === "Bound",
        `step ${step} of ${name}`,
      );
      await w.restart();
      const bound = await w.bound(claim);
      const volume = await w.volumeOf(bound);
      expect(volume.spec?.claimRef?.uid).toBe(uid);
      expect(volume.spec?.persistentVolumeReclaimPolicy).toBe("Delete");
      await w.wait(async () => (await w.seconds()).length === 0, "no second claim");
      expect((await w.volumes()).length).toBe(1);

      const second = dying(step);
      await w.restart(second.wrap);
      await w.kube.delete(persistentVolumeClaims, claim, NS);
      await w.gone(claim);
      if (others) await w.answer(uid, claim, { state: "GONE" });
      await w.wait(
        async () => second.state.died || (await w.volumes()).length === 0,
        `step ${step} of the end of ${name}`,
      );
      await w.restart();
      await w.wait(async () => (await w.volumes()).length === 0, "no volume");
      await w.wait(nothingLeft, "nothing left");
      if (!first.state.died && !second.state.died) {
        expect(step).toBeGreaterThan(2);
        break;
      }
    }
  });
});

describe("killed after each of its writes while it takes back what it began", () => {
  it("leaves nothing of a claim that goes before it has its volume", { timeout: 600_000 }, async () => {
    for (let step = 0; ; step++) {
      const claim = `back-${step}`;
      w.provisioner.silence(true);
      await w.restart();
      await w.claim(claim);
      await w.choose(claim, "node-1");
      await w.wait(async () => (await w.seconds()).length === 1, "second claim");
      const mortal = dying(step);
      await w.restart(mortal.wrap);
      await w.kube.delete(persistentVolumeClaims, claim, NS);
      await w.wait(async () => mortal.state.died || !(await w.get(claim)), `step ${step}`);
      w.provisioner.silence(false); // it may answer after all, and too late
      await w.restart();
      await w.gone(claim);
      await w.wait(async () => (await w.volumes()).length === 0, "no volume");
      await w.wait(nothingLeft, "nothing left");
      if (!mortal.state.died) break;
    }
  });
});
