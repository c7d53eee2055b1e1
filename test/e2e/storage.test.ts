import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { appImage, loadAppImages, until } from "@tideway/sandbox";
import {
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
} from "@tideway/k8s";
import { rolledOut, type ServiceName, tideway } from "@tideway/platform";
import { ensureConnected } from "./fabric.ts";
import {
  apply,
  dropNamespace,
  east,
  ensurePeered,
  ensureUnpeered,
  offloadedNamespace,
  phaseIs,
  shell,
  type Side,
  STAY,
  west,
} from "./world.ts";

/** Volumes on both sides of the border, from rancher's local-path-provisioner. TIDEWAY_LONG=1 cuts the peer off for 60 s. */

const LONG = process.env.TIDEWAY_LONG === "1";
const FAR = "far-data";
const NEAR = "near-data";
const DB = "db";

const claimManifest = (namespace: string, name: string, more: object = {}): object => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name, namespace },
  spec: {
    storageClassName: "tideway",
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: "64Mi" } },
    ...more,
  },
});
const podManifest = (namespace: string, name: string, claim: string, line: string): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace },
  spec: {
    terminationGracePeriodSeconds: 2,
    containers: [shell(`${line}; ${STAY}`, { volumeMounts: [{ name: "data", mountPath: "/data" }] })],
    volumes: [{ name: "data", persistentVolumeClaim: { claimName: claim } }],
  },
});
const list = (...items: object[]): object => ({ apiVersion: "v1", kind: "List", items });
const claimOf = (s: Side, namespace: string, name: string): Promise<PersistentVolumeClaim | undefined> =>
  s.kube.find(persistentVolumeClaims, name, namespace);
const volumeOf = (s: Side, name = ""): Promise<PersistentVolume | undefined> =>
  s.kube.find(persistentVolumes, name);
const read = (namespace: string, pod: string, file = "/data/word"): Promise<string> =>
  east.cluster.kubectl("-n", namespace, "exec", pod, "--", "cat", file).then((s) => s.trim());
const twinOf = (namespace: string): string => `tideway-east--${namespace}`;
const volumesOf = async (s: Side): Promise<string[]> =>
  (await s.kube.list(persistentVolumes)).map((v) => v.metadata.name).sort();
const restart = async (s: Side, name: ServiceName): Promise<void> => {
  const label = `app.kubernetes.io/name=${name}`;
  await s.cluster.kubectl(
    ...["-n", "tideway-system", "delete", "pods", "-l", label],
    ...["--force", "--grace-period=0"],
  );
  await rolledOut(s.cluster, name);
};

let before: string[][];
beforeAll(async () => {
  await ensureConnected();
  before = await Promise.all([east, west].map(volumesOf));
});

describe("a claim whose first pod runs on the virtual node", () => {
  beforeAll(() => offloadedNamespace(FAR));

  it("gets its volume there, and the pod its data", async () => {
    await apply(
      east.cluster,
      list(claimManifest(FAR, "data"), podManifest(FAR, "first", "data", "echo hello >/data/word")),
    );
    await phaseIs(east, FAR, "first", "Running");
    expect(await read(FAR, "first")).toBe("hello");
    const here = await claimOf(east, FAR, "data");
    const there = await claimOf(west, twinOf(FAR), "data");
    expect(here?.status?.phase).toBe("Bound");
    expect(there?.spec?.storageClassName).toBe("local-path");
    expect((await volumeOf(west, there?.spec?.volumeName))?.spec?.persistentVolumeReclaimPolicy).toBe(
      "Retain",
    );
  });

  it("draws later pods to its data, also one that may run here", async () => {
    await tideway(east.cluster, "offload", "namespace", FAR, "--wait"); // here and there
    await east.cluster.kubectl("-n", FAR, "delete", "pod", "first");
    await apply(east.cluster, podManifest(FAR, "second", "data", "true"));
    const pod = await phaseIs(east, FAR, "second", "Running");
    expect(pod.spec?.nodeName).toBe("west");
    expect(await read(FAR, "second")).toBe("hello");
  });

  it("finds its data again after unpeering and peering, and nothing else in the meantime", async () => {
    const volume = (await claimOf(west, twinOf(FAR), "data"))?.spec?.volumeName;
    await east.cluster.kubectl("-n", FAR, "delete", "pod", "second");
    await ensureUnpeered();
    expect((await claimOf(east, FAR, "data"))?.status?.phase).toBe("Bound");
    expect((await volumeOf(west, volume))?.status?.phase).toBe("Released");
    await ensurePeered();
    await tideway(east.cluster, "offload", "namespace", FAR, "--wait", "--timeout", "60s");
    await apply(east.cluster, podManifest(FAR, "third", "data", "true"));
    await phaseIs(east, FAR, "third", "Running");
    expect(await read(FAR, "third")).toBe("hello");
    expect((await claimOf(west, twinOf(FAR), "data"))?.spec?.volumeName).toBe(volume);
  });

  it("is deleted there with its claim here", async () => {
    const volume = (await claimOf(west, twinOf(FAR), "data"))?.spec?.volumeName;
    await east.cluster.kubectl("-n", FAR, "delete", "pod", "third");
    await east.cluster.kubectl("-n", FAR, "delete", "pvc", "data", "--timeout=30s");
    await until(async () => !(await volumeOf(west, volume)), { what: "the data gone at the provider" });
    expect(await volumesOf(east)).toEqual(before[0]);
    expect(await volumesOf(west)).toEqual(before[1]);
  });

  afterAll(() => dropNamespace(FAR));
});

describe("a claim whose first pod runs on a real node", () => {
  beforeAll(() => east.cluster.kubectl("create", "namespace", NEAR));

  it("gets a volume of the real class, and goes with it", async () => {
    await apply(
      east.cluster,
      list(claimManifest(NEAR, "data"), podManifest(NEAR, "first", "data", "echo hello >/data/word")),
    );
    await phaseIs(east, NEAR, "first", "Running");
    expect(await read(NEAR, "first")).toBe("hello");
    const volume = await volumeOf(east, (await claimOf(east, NEAR, "data"))?.spec?.volumeName);
    expect(volume?.spec?.storageClassName).toBe("local-path");
    await east.cluster.kubectl("-n", NEAR, "delete", "pod/first", "pvc/data", "--timeout=30s");
    await until(async () => !(await volumeOf(east, volume?.metadata.name)), { what: "the volume gone" });
    expect(await volumesOf(east)).toEqual(before[0]);
  });

  afterAll(() => dropNamespace(NEAR));
});

/** One label that tells the two sides apart, for the scheduler's spread. */
const SIDE = "example.com/side";
const PG_START = [
  "set -eu; bin=$(echo /usr/lib/postgresql/*/bin); export PGDATA=/data/pg",
  // The first one is the primary; the other copies it once, and streams from then on.
  'if [ ! -s "$PGDATA/PG_VERSION" ]; then case "$HOSTNAME" in',
  "db-0) printf app >/tmp/pw; $bin/initdb -U app --pwfile=/tmp/pw --auth=scram-sha-256 >/dev/null;",
  '  printf "host all all all scram-sha-256\nhost replication all all scram-sha-256\n" >>$PGDATA/pg_hba.conf;;',
  '*) until $bin/pg_basebackup -d "host=db-0.db user=app password=app" -D $PGDATA -R -X stream; do rm -rf $PGDATA; sleep 1; done;; esac; fi',
  "exec $bin/postgres -c listen_addresses='*' -c unix_socket_directories=/tmp -c jit=off -c shared_buffers=16MB -c wal_keep_size=128MB -c wal_receiver_status_interval=1s -c wal_retrieve_retry_interval=500ms -c primary_conninfo='host=db-0.db user=app password=app connect_timeout=3 tcp_user_timeout=5000'",
].join("\n");
const replicas = {
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name: "db", namespace: DB },
  spec: {
    serviceName: "db",
    replicas: 2,
    selector: { matchLabels: { app: "db" } },
    template: {
      metadata: { labels: { app: "db" } },
      spec: {
        terminationGracePeriodSeconds: 10,
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: SIDE,
            whenUnsatisfiable: "DoNotSchedule",
            labelSelector: { matchLabels: { app: "db" } },
          },
        ],
        containers: [
          {
            name: "main",
            image: appImage("app-postgres"),
            command: ["/bin/bash", "-c", PG_START],
            env: [{ name: "PGPASSWORD", value: "app" }],
            volumeMounts: [{ name: "data", mountPath: "/data" }],
            readinessProbe: { tcpSocket: { port: 5432 }, periodSeconds: 1 },
          },
        ],
      },
    },
    volumeClaimTemplates: [
      {
        metadata: { name: "data" },
        spec: {
          storageClassName: "tideway",
          accessModes: ["ReadWriteOnce"],
          resources: { requests: { storage: "256Mi" } },
        },
      },
    ],
  },
};
/** Names of pods that are not ready yet resolve: the copy is made before the first is. */
const headless = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "db", namespace: DB },
  spec: {
    clusterIP: "None",
    publishNotReadyAddresses: true,
    selector: { app: "db" },
    ports: [{ name: "pg", port: 5432 }],
  },
};
const psql = (host: string, line: string): string[] => [
  ...["/bin/bash", "-c"],
  `psql -qtA -w "host=${host} user=app dbname=postgres connect_timeout=2" -c "${line}"`,
];
/** Writes one number after the other, and says each that the primary has acknowledged. */
const WRITER = [
  "n=0; while true; do n=$((n+1));",
  `until psql -qtA -w "host=db-0.db user=app dbname=postgres connect_timeout=2" -c "insert into t values ($n) on conflict do nothing" 2>/dev/null; do sleep 0.2; done;`,
  "echo $n >/tmp/acked; sleep 0.02; done",
].join(" ");
const client = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "writer", namespace: DB },
  spec: {
    terminationGracePeriodSeconds: 0,
    nodeSelector: { [SIDE]: "here" },
    containers: [
      {
        name: "main",
        image: appImage("app-postgres"),
        command: ["/bin/bash", "-c", STAY],
        env: [{ name: "PGPASSWORD", value: "app" }],
      },
    ],
  },
};
const inWriter = (...command: string[]): Promise<string> =>
  east.cluster.kubectl("-n", DB, "exec", "writer", "--", ...command).then((out) => out.trim());
const ask = (host: string, line: string): Promise<string | undefined> =>
  inWriter(...psql(host, line)).catch(() => undefined);
const acked = async (): Promise<number> => Number(await inWriter("cat", "/tmp/acked").catch(() => "0"));
const placesOf = async (): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await east.kube.list(pods, { namespace: DB, labelSelector: "app=db" })).map((p) => [
      p.metadata.name,
      p.spec?.nodeName === "west" ? "there" : "here",
    ]),
  );
const goesOn = async (what: string): Promise<void> => {
  const from = await acked();
  await until(async () => (await acked()) >= from + 5, { what: `writes after ${what}`, timeoutMs: 90_000 });
};

describe("PostgreSQL of two, one on each side, streaming across the border under write load", () => {
  let places: Record<string, string>;
  beforeAll(async () => {
    await Promise.all([east, west].map((s) => loadAppImages(s.cluster)));
    await offloadedNamespace(DB);
    await tideway(east.cluster, "offload", "namespace", DB, "--wait");
    for (const node of east.cluster.nodes)
      await east.cluster.kubectl("label", "node", node, `${SIDE}=here`, "--overwrite");
    await east.cluster.kubectl("label", "node", "west", `${SIDE}=there`, "--overwrite");
    await apply(east.cluster, list(headless, replicas, client));
    await east.cluster.kubectl("-n", DB, "rollout", "status", "statefulset/db", "--timeout=240s");
    await phaseIs(east, DB, "writer", "Running");
    await ask("db-0.db", "create table if not exists t (n bigint primary key)");
    await inWriter("/bin/bash", "-c", `(${WRITER}) >/dev/null 2>&1 &`);
    places = await placesOf();
  });

  const caughtUp = async (): Promise<void> => {
    const wanted = await acked();
    await until(
      async () =>
        Number((await ask("db-1.db", `select count(*) from t where n <= ${wanted}`)) ?? "0") >= wanted,
      { what: `the replica with all ${wanted} writes`, timeoutMs: 90_000 },
    );
    expect(Number(await ask("db-0.db", `select count(*) from t where n <= ${wanted}`))).toBe(wanted);
  };

  it("has one on each side, and the replica follows", async () => {
    expect(Object.values(places).sort()).toEqual(["here", "there"]);
    await goesOn("the start");
    await caughtUp();
  });

  it("loses no acknowledged write while pods and services are killed and the peer is cut off", async () => {
    const kill = (pod: string): Promise<string> =>
      east.cluster.kubectl("-n", DB, "delete", "pod", pod, "--grace-period=0", "--force");
    await Promise.all([kill("db-1"), restart(east, "storage-fabric"), restart(west, "virtual-kubelet")]);
    await goesOn("the replica and services were killed");
    await kill("db-0");
    await restart(east, "virtual-kubelet");
    await goesOn("the primary was killed");
    await east.cluster.partitionFrom(west.cluster);
    await new Promise((done) => setTimeout(done, LONG ? 60_000 : 5_000));
    await east.cluster.heal();
    await goesOn("the partition");
    await east.cluster.kubectl("-n", DB, "rollout", "status", "statefulset/db", "--timeout=120s");
    await caughtUp();
    expect(await placesOf()).toEqual(places);
  });

  it("is where its data is after it was scaled to nothing and back", async () => {
    const wanted = await acked();
    await east.cluster.kubectl("-n", DB, "scale", "statefulset/db", "--replicas=0");
    await until(async () => Object.keys(await placesOf()).length === 0, { what: "no pods" });
    await east.cluster.kubectl("-n", DB, "scale", "statefulset/db", "--replicas=2");
    await east.cluster.kubectl("-n", DB, "rollout", "status", "statefulset/db", "--timeout=120s");
    expect(await placesOf()).toEqual(places);
    await until(
      async () =>
        Number((await ask("db-0.db", `select count(*) from t where n <= ${wanted}`)) ?? "0") >= wanted,
      { what: "all that was written" },
    );
    await caughtUp();
  });

  afterAll(async () => {
    await dropNamespace(DB);
    for (const node of [...east.cluster.nodes, "west"])
      await east.cluster.kubectl("label", "node", node, `${SIDE}-`).catch(() => "");
  });
});
