import { isConflict, isUnavailable } from "@tideway/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { resource } from "@tideway/k8s";
import type { CopyObject, Lane } from "../ports.ts";
import { isCopyFrom, isDeleting, originUidOf } from "./body.ts";
import { US } from "./fixtures.ts";
import { ModelEnd, ModelServer, type Line } from "./model.ts";
import { type Copier, createCopier } from "./reconciler.ts";

const NAMES = ["a", "b"];
const REPLICAS = 2;

interface Replica {
  origin: ModelEnd;
  copy: ModelEnd;
  copier: Copier;
}

class World {
  readonly origins = new ModelServer("o");
  readonly copies = new ModelServer("c");
  /** The line to the peer; the own API server is always reached. */
  readonly peerLine: Line = { cut: false, loseAnswer: false };
  readonly ownLine: Line = { cut: false, loseAnswer: false };
  readonly replicas: Replica[];
  readonly lane: Lane;
  /** Somebody is taking the finalizer away by hand. */
  forced = false;
  /** Two replicas work on one object: one may make a copy just after the other saw none; it is swept up later. */
  handover = false;
  constructor(lane: Lane) {
    this.lane = lane;
    this.replicas = Array.from({ length: REPLICAS }, () => this.replica());
    this.origins.onEnd = (o) => this.checkOriginEnd(o);
  }

  private replica(): Replica {
    const [originLine, copyLine] =
      this.lane === "Push" ? [this.ownLine, this.peerLine] : [this.peerLine, this.ownLine];
    const origin = new ModelEnd(this.origins, originLine);
    const copy = new ModelEnd(this.copies, copyLine, (name) => this.checkDeletion(name));
    if (this.lane === "Pull") origin.update = origin.create = origin.delete = refuse;
    const copier = createCopier({
      kind: {
        name: "things.example.org",
        resource: resource<CopyObject>("example.org", "v1", "things", "Thing"),
        direction: this.lane,
        status: true,
      },
      lane: this.lane,
      originCluster: US,
      copyLabels: {},
      ends: { origin, copy },
      onMisdeed: () => undefined,
      reachable: () => true,
      ended: () => false,
    });
    return { origin, copy, copier };
  }
  restart(i: number): void {
    this.replicas[i] = this.replica();
  }
  /** A copy may only be deleted when the origin it was made from no longer stands. */
  private checkDeletion(name: string): void {
    const copy = this.copies.objects.get(name)!;
    const origin = this.origins.objects.get(name);
    expect(isCopyFrom(copy, US), "deleted an object that is not ours").toBe(true);
    const stands =
      origin?.metadata.uid === originUidOf(copy) && !(this.lane === "Push" && isDeleting(origin));
    expect(stands, "deleted the copy of an origin that stands").toBe(false);
  }
  /** Unless its finalizer was forced away, a pushed origin stays until its copy is gone. */
  private checkOriginEnd(origin: CopyObject): void {
    const copy = this.copies.objects.get(origin.metadata.name);
    const left = copy !== undefined && isCopyFrom(copy, US) && originUidOf(copy) === origin.metadata.uid;
    if (this.lane === "Push" && !this.forced && !this.handover)
      expect(left, "an origin went before its copy").toBe(false);
  }
  /** A status must never reach an origin or a copy that it was not written for. */
  checkStatus(): void {
    for (const o of [...this.origins.objects.values(), ...this.copies.objects.values()]) {
      const about = o.status?.about;
      if (about === undefined) continue;
      expect(about).toBe(isCopyFrom(o, US) ? originUidOf(o) : o.metadata.uid);
    }
  }
  async reconcile(i: number, name: string): Promise<void> {
    try {
      await this.replicas[i]!.copier.reconcile(name, AbortSignal.any([]));
    } catch (err) {
      if (!isConflict(err) && !isUnavailable(err)) throw err;
    }
    this.checkStatus();
  }
  async settle(): Promise<void> {
    Object.assign(this.peerLine, { cut: false, loseAnswer: false });
    Object.assign(this.ownLine, { cut: false, loseAnswer: false });
    for (let round = 0; round < 20; round++) {
      for (const r of this.replicas) {
        r.origin.catchUp();
        r.copy.catchUp();
      }
      const pending = NAMES.filter((n) => this.replicas[0]!.copier.plan(n).state === "Pending");
      if (pending.length === 0) return;
      for (const n of NAMES) await this.reconcile(round % REPLICAS, n);
    }
    expect.unreachable("does not come to rest");
  }
  checkEnd(foreign: ReadonlySet<string>): void {
    for (const name of NAMES) {
      const [origin, copy] = [this.origins.objects.get(name), this.copies.objects.get(name)];
      if (foreign.has(name)) continue;
      expect(origin ? isDeleting(origin) : false, "an origin waits for ever").toBe(false);
      expect(copy === undefined).toBe(origin === undefined);
      if (!origin || !copy) continue;
      expect(originUidOf(copy)).toBe(origin.metadata.uid);
      expect(copy.spec).toEqual(origin.spec);
      expect(copy.status ?? {}).toEqual(origin.status ?? {});
    }
  }
}

const refuse = (): never => expect.unreachable("a pulled origin was written");

type Step = { label: string; run: (w: World) => Promise<void> | void };
const step = (label: string, run: Step["run"]): Step => ({ label, run });
const named = (o: CopyObject | undefined): o is CopyObject => o !== undefined;

const steps = (): fc.Arbitrary<Step> => {
  const name = fc.constantFrom(...NAMES);
  const size = fc.nat(3);
  const replica = fc.nat(REPLICAS - 1);
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .tuple(name, size)
        .map(([n, s]) =>
          step(
            `create ${n} ${s}`,
            (w) =>
              void (
                w.origins.objects.has(n) || w.origins.create({ metadata: { name: n }, spec: { size: s } })
              ),
          ),
        ),
    },
    {
      weight: 3,
      arbitrary: fc.tuple(name, size).map(([n, s]) =>
        step(`change ${n} ${s}`, (w) => {
          const o = w.origins.objects.get(n);
          if (named(o) && !isDeleting(o))
            w.origins.update({ metadata: { name: n, uid: o.metadata.uid! }, spec: { size: s } });
        }),
      ),
    },
    { weight: 3, arbitrary: name.map((n) => step(`delete ${n}`, (w) => w.origins.delete(n))) },
    {
      weight: 1,
      arbitrary: name.map((n) =>
        step(`force ${n} away`, (w) => {
          const o = w.origins.objects.get(n);
          if (!named(o)) return;
          w.forced = true;
          w.origins.update({ metadata: { name: n, uid: o.metadata.uid!, finalizers: [] } });
          w.origins.delete(n);
          w.forced = false;
        }),
      ),
    },
    {
      weight: 1,
      arbitrary: name.map((n) => step(`somebody deletes the copy of ${n}`, (w) => w.copies.delete(n))),
    },
    {
      weight: 3,
      arbitrary: fc.tuple(name, size).map(([n, s]) =>
        step(`provider answers ${n} ${s}`, (w) => {
          const server = w.lane === "Push" ? w.copies : w.origins;
          const o = server.objects.get(n);
          if (!named(o)) return;
          const about = isCopyFrom(o, US) ? originUidOf(o) : o.metadata.uid!;
          server.update({ metadata: { name: n, uid: o.metadata.uid! }, status: { about, answer: s } }, true);
        }),
      ),
    },
    {
      weight: 8,
      arbitrary: fc
        .tuple(replica, name)
        .map(([i, n]) => step(`replica ${i} looks at ${n}`, (w) => w.reconcile(i, n))),
    },
    {
      weight: 3,
      arbitrary: name.map((n) =>
        step(`both look at ${n}`, async (w) => {
          w.handover = true;
          await Promise.all([w.reconcile(0, n), w.reconcile(1, n)]);
          w.handover = false;
        }),
      ),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(replica, fc.boolean(), name)
        .map(([i, o, n]) =>
          step(`watch ${i} ${o ? "origin" : "copy"} ${n}`, (w) =>
            w.replicas[i]![o ? "origin" : "copy"].catchUpOn(n),
          ),
        ),
    },
    {
      weight: 5,
      arbitrary: fc
        .tuple(replica, fc.boolean())
        .map(([i, o]) =>
          step(`list ${i} ${o ? "origin" : "copy"}`, (w) => w.replicas[i]![o ? "origin" : "copy"].catchUp()),
        ),
    },
    {
      weight: 8,
      arbitrary: replica.map((i) =>
        step(`replica ${i} has its turn`, async (w) => {
          w.replicas[i]!.origin.catchUp();
          w.replicas[i]!.copy.catchUp();
          for (const n of NAMES) await w.reconcile(i, n);
        }),
      ),
    },
    { weight: 1, arbitrary: replica.map((i) => step(`restart ${i}`, (w) => w.restart(i))) },
    {
      weight: 2,
      arbitrary: fc
        .boolean()
        .map((cut) => step(cut ? "partition" : "heal", (w) => void (w.peerLine.cut = cut))),
    },
    {
      weight: 2,
      arbitrary: fc
        .boolean()
        .map((peer) =>
          step("the next answer is lost", (w) => void ((peer ? w.peerLine : w.ownLine).loseAnswer = true)),
        ),
    },
  );
};

for (const lane of ["Push", "Pull"] as const)
  test(`${lane}: whatever happens, both sides end alike, and nothing is resurrected, doubled or taken for another`, async () => {
    const script = fc.array(steps(), { minLength: 10, maxLength: 60, size: "max" });
    await fc.assert(
      fc.asyncProperty(script, async (all) => {
        const w = new World(lane);
        for (const s of all) await s.run(w);
        await w.settle();
        w.checkEnd(new Set());
      }),
      { numRuns: 1500 },
    );
  });

test("an object of the provider is never touched, and its name is taken over only when it is free", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps(), { minLength: 10, maxLength: 40, size: "max" }), async (all) => {
      const w = new World("Push");
      const theirs = w.copies.create({ metadata: { name: "a" }, spec: { theirs: true } });
      for (const s of all) if (!s.label.includes(" a") || !/copy of|answers/.test(s.label)) await s.run(w);
      await w.settle();
      expect(w.copies.objects.get("a")).toEqual(theirs);
      w.checkEnd(new Set(["a"]));
      w.copies.delete("a");
      await w.settle();
      w.checkEnd(new Set());
    }),
    { numRuns: 300 },
  );
});
