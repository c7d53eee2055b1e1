/** A real PostgreSQL (Debian's) as a StatefulSet, its clients' pod, and a load of writes that are counted when acknowledged. */
import { appImage, until } from "@tideway/sandbox";
import { pods } from "@tideway/k8s";
import { apply, east, phaseIs, STAY } from "./world.ts";
import { list } from "./volumes.ts";

/** Label of nodes that tells the two sides apart, for the scheduler's spread. */
export const SIDE = "example.com/side";
const PG_START = [
  "set -eu; bin=$(echo /usr/lib/postgresql/*/bin); export PGDATA=/data/pg",
  // The first one is the primary; the other copies it once, and streams from then on.
  'if [ ! -s "$PGDATA/PG_VERSION" ]; then case "$HOSTNAME" in',
  "db-0) printf app >/tmp/pw; $bin/initdb -U app --pwfile=/tmp/pw --auth=scram-sha-256 >/dev/null;",
  '  printf "host all all all scram-sha-256\nhost replication all all scram-sha-256\n" >>$PGDATA/pg_hba.conf;;',
  '*) until $bin/pg_basebackup -d "host=db-0.db user=app password=app" -D $PGDATA -R -X stream; do rm -rf $PGDATA; sleep 1; done;; esac; fi',
  "exec $bin/postgres -c listen_addresses='*' -c unix_socket_directories=/tmp -c jit=off -c shared_buffers=16MB -c wal_keep_size=128MB -c wal_receiver_status_interval=1s -c wal_retrieve_retry_interval=500ms -c primary_conninfo='host=db-0.db user=app password=app connect_timeout=3 tcp_user_timeout=5000'",
].join("\n");

const statefulSet = (namespace: string, replicas: number): object => ({
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name: "db", namespace },
  spec: {
    serviceName: "db",
    replicas,
    selector: { matchLabels: { app: "db" } },
    template: {
      metadata: { labels: { app: "db" } },
      spec: {
        terminationGracePeriodSeconds: 10,
        ...(replicas > 1
          ? {
              topologySpreadConstraints: [
                {
                  maxSkew: 1,
                  topologyKey: SIDE,
                  whenUnsatisfiable: "DoNotSchedule",
                  labelSelector: { matchLabels: { app: "db" } },
                },
              ],
            }
          : {}),
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
});
/** Names of pods that are not ready yet resolve: the copy is made before the first is. */
const headless = (namespace: string): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "db", namespace },
  spec: {
    clusterIP: "None",
    publishNotReadyAddresses: true,
    selector: { app: "db" },
    ports: [{ name: "pg", port: 5432 }],
  },
});
const psql = (host: string, line: string): string[] => [
  ...["/bin/bash", "-c"],
  `psql -qtA -w "host=${host} user=app dbname=postgres connect_timeout=2" -c "${line}"`,
];
/** Writes one number after the other, and says each that the primary has acknowledged, and the longest pause so far. */
const WRITER = [
  "n=0; max=0; last=$(date +%s%3N); while true; do n=$((n+1));",
  `until psql -qtA -w "host=db-0.db user=app dbname=postgres connect_timeout=2" -c "insert into t values ($n) on conflict do nothing" 2>/dev/null; do sleep 0.2; done;`,
  "now=$(date +%s%3N); gap=$((now-last)); last=$now; [ $gap -gt $max ] && max=$gap && echo $max >/tmp/gap;",
  "echo $n >/tmp/acked; sleep 0.02; done",
].join(" ");
const client = (namespace: string, nodeSelector: Record<string, string>): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "writer", namespace },
  spec: {
    terminationGracePeriodSeconds: 0,
    nodeSelector,
    containers: [
      {
        name: "main",
        image: appImage("app-postgres"),
        command: ["/bin/bash", "-c", STAY],
        env: [{ name: "PGPASSWORD", value: "app" }],
      },
    ],
  },
});

export interface Database {
  /** All replicas ready, the client there, writes going on. */
  start(o: { replicas: number; client: Record<string, string> }): Promise<void>;
  /** One line of SQL; undefined where nobody answers. */
  ask(host: string, line: string): Promise<string | undefined>;
  /** Writes that were acknowledged. */
  acked(): Promise<number>;
  /** Longest time between two acknowledged writes, ms. */
  longestGapMs(): Promise<number>;
  /** Waits until writes are acknowledged again. */
  goesOn(what: string): Promise<void>;
  /** Waits until the host has every write that was acknowledged before the call. */
  holdsAll(host: string): Promise<void>;
  /** Side of each replica. */
  places(): Promise<Record<string, string>>;
  ready(): Promise<void>;
}

export const databaseIn = (namespace: string): Database => {
  const kubectl = (...args: string[]): Promise<string> => east.cluster.kubectl("-n", namespace, ...args);
  const inWriter = (...command: string[]): Promise<string> =>
    kubectl("exec", "writer", "--", ...command).then((out) => out.trim());
  const number = async (file: string): Promise<number> =>
    Number(await inWriter("cat", file).catch(() => "0"));
  const db: Database = {
    start: async ({ replicas, client: where }) => {
      await apply(
        east.cluster,
        list(headless(namespace), statefulSet(namespace, replicas), client(namespace, where)),
      );
      await kubectl("rollout", "status", "statefulset/db", "--timeout=240s");
      await phaseIs(east, namespace, "writer", "Running");
      await db.ask("db-0.db", "create table if not exists t (n bigint primary key)");
      await inWriter("/bin/bash", "-c", `(${WRITER}) >/dev/null 2>&1 &`);
    },
    ask: (host, line) => inWriter(...psql(host, line)).catch(() => undefined),
    acked: () => number("/tmp/acked"),
    longestGapMs: () => number("/tmp/gap"),
    goesOn: async (what) => {
      const from = await db.acked();
      await until(async () => (await db.acked()) >= from + 5, {
        what: `writes after ${what}`,
        timeoutMs: 90_000,
      });
    },
    holdsAll: async (host) => {
      const wanted = await db.acked();
      await until(
        async () =>
          Number((await db.ask(host, `select count(*) from t where n <= ${wanted}`)) ?? "0") >= wanted,
        { what: `all ${wanted} acknowledged writes at ${host}`, timeoutMs: 90_000 },
      );
    },
    places: async () =>
      Object.fromEntries(
        (await east.kube.list(pods, { namespace, labelSelector: "app=db" })).map((p) => [
          p.metadata.name,
          p.spec?.nodeName === "west" ? "there" : "here",
        ]),
      ),
    ready: async () => {
      await kubectl("rollout", "status", "statefulset/db", "--timeout=120s");
    },
  };
  return db;
};
