import { once } from "node:events";
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "@tideway/sandbox";
import { configMaps, events, pods, secrets } from "@tideway/k8s";
import {
  apply,
  dropNamespace,
  east,
  kubectlRaw,
  nodeOf,
  offloadedNamespace,
  phaseIs,
  podOf,
  shell,
  STAY,
  west,
} from "./world.ts";

const NS = "workload";
let twin: string;

const pod = (name: string, spec: object, labels: Record<string, string> = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: NS, labels },
  spec: { terminationGracePeriodSeconds: 5, ...spec },
});
const running = (name: string): ReturnType<typeof phaseIs> => phaseIs(east, NS, name, "Running");

beforeAll(async () => {
  twin = await offloadedNamespace(NS);
});
afterAll(() => dropNamespace(NS));

describe("a Deployment across the border", () => {
  const deployment = (replicas: number, version: string): object => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: NS },
    spec: {
      replicas,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web", version } },
        spec: { terminationGracePeriodSeconds: 2, containers: [shell(STAY)] },
      },
    },
  });
  const rolledOut = (): Promise<string> =>
    east.cluster.kubectl("-n", NS, "rollout", "status", "deployment/web", "--timeout=90s");
  const remotePods = async (): Promise<string[]> =>
    (await west.kube.list(pods, { namespace: twin, labelSelector: "app=web" })).map(
      (p) => p.metadata.labels?.version ?? "",
    );

  it("shows the peer as a Ready node with the offered capacity", async () => {
    const node = await nodeOf();
    expect(node?.metadata.labels).toMatchObject({ "tideway.dev/virtual-node": "true" });
    expect(Number.parseInt(String(node?.status?.allocatable?.pods), 10)).toBeGreaterThan(0);
    const text = await east.cluster.kubectl("get", "nodes", "west");
    expect(text).toMatch(/west\s+Ready/);
  });

  it("runs its replicas as real containers on the provider", async () => {
    await apply(east.cluster, deployment(3, "1"));
    await rolledOut();
    const local = await east.kube.list(pods, { namespace: NS, labelSelector: "app=web" });
    expect(local.map((p) => p.spec?.nodeName)).toEqual(["west", "west", "west"]);
    const remote = await west.kube.list(pods, { namespace: twin, labelSelector: "app=web" });
    expect(remote.map((p) => p.metadata.name).sort()).toEqual(local.map((p) => p.metadata.name).sort());
    expect(
      remote.every((p) => p.status?.containerStatuses?.[0]?.containerID?.startsWith("containerd://")),
    ).toBe(true);
    expect(remote.every((p) => p.spec?.nodeName !== "west")).toBe(true);
  });

  it("scales up and down", async () => {
    await east.cluster.kubectl("-n", NS, "scale", "deployment/web", "--replicas=5");
    await rolledOut();
    await until(async () => (await remotePods()).length === 5, { what: "five pods on west" });
    await east.cluster.kubectl("-n", NS, "scale", "deployment/web", "--replicas=2");
    await until(async () => (await remotePods()).length === 2, { what: "two pods on west" });
    await until(
      async () => (await east.kube.list(pods, { namespace: NS, labelSelector: "app=web" })).length === 2,
      { what: "two pods on east" },
    );
  });

  it("rolls an update out", async () => {
    await apply(east.cluster, deployment(2, "2"));
    await rolledOut();
    await until(async () => (await remotePods()).join() === "2,2", { what: "only the new version on west" });
  });

  it("is gone on both sides after its deletion", async () => {
    await east.cluster.kubectl("-n", NS, "delete", "deployment/web");
    await until(async () => (await remotePods()).length === 0, { what: "no pods on west" });
    await until(
      async () => (await east.kube.list(pods, { namespace: NS, labelSelector: "app=web" })).length === 0,
      { what: "no pods on east" },
    );
  });
});

describe("kubectl on a pod across the border", () => {
  const script =
    "echo first; echo second; echo to-stderr >&2; i=0; trap 'exit 0' TERM; while true; do i=$((i+1)); echo tick $i; sleep 0.2 & wait; done";
  beforeAll(async () => {
    await apply(
      east.cluster,
      pod("tool", { containers: [shell(script, { ports: [{ containerPort: 8080 }] })] }),
    );
    await running("tool");
  });

  it("reads logs, whole and with every option", async () => {
    const all = await until(
      async () => {
        const text = await east.cluster.kubectl("-n", NS, "logs", "tool");
        return text.includes("tick 2") ? text : undefined;
      },
      { what: "two ticks in the log" },
    );
    expect(all).toMatch(/first\n(.*\n)?second\n/); // the runtime merges two streams: standard error may come between
    expect(all).toContain("to-stderr");
    expect(
      (await east.cluster.kubectl("-n", NS, "logs", "tool", "--tail=1")).trim().split("\n"),
    ).toHaveLength(1);
    expect(await east.cluster.kubectl("-n", NS, "logs", "tool", "--timestamps", "--tail=1")).toMatch(
      /^\d{4}-\d\d-\d\dT/,
    );
    expect((await east.cluster.kubectl("-n", NS, "logs", "tool", "--limit-bytes=5")).length).toBe(5);
    expect(await east.cluster.kubectl("-n", NS, "logs", "tool", "--since=1h")).toContain("first");
  });

  it("follows logs", async () => {
    const { out } = await kubectlRaw(east.cluster, ["-n", NS, "logs", "-f", "--tail=0", "tool"], {
      until: (o) => (o.match(/tick/g) ?? []).length >= 5,
    });
    expect(out.match(/tick/g)!.length).toBeGreaterThanOrEqual(5);
  });

  it("executes commands with input, output, errors and exit code", async () => {
    const cat = await kubectlRaw(east.cluster, ["-n", NS, "exec", "-i", "tool", "--", "cat"], {
      input: "over the border\n",
    });
    expect(cat).toMatchObject({ out: "over the border\n", code: 0 });
    const failing = await kubectlRaw(east.cluster, [
      "-n",
      NS,
      "exec",
      "tool",
      "--",
      "bash",
      "-c",
      "echo bad >&2; exit 7",
    ]);
    expect(failing.code).toBe(7);
    expect(failing.err).toContain("bad");
  });

  it("gives a terminal", async () => {
    const { stdout } = await import("./world.ts").then(({ exec }) =>
      exec("script", [
        "-qec",
        `bin/kubectl --kubeconfig ${east.cluster.kubeconfig} -n ${NS} exec -it tool -- tty`,
        "/dev/null",
      ]),
    );
    expect(stdout).toContain("/dev/pts/");
  });

  it("attaches to the running container", async () => {
    const { out } = await kubectlRaw(east.cluster, ["-n", NS, "attach", "tool"], {
      until: (o) => o.includes("tick"),
    });
    expect(out).toContain("tick");
  });

  it("copies files there and back", async () => {
    const { mkdtempSync, readFileSync, writeFileSync, rmSync } = await import("node:fs");
    const { randomBytes } = await import("node:crypto");
    const dir = mkdtempSync("/tmp/tideway-cp-");
    try {
      const content = randomBytes(3 << 20);
      writeFileSync(`${dir}/there`, content);
      await east.cluster.kubectl("-n", NS, "cp", `${dir}/there`, "tool:/tmp/file");
      await east.cluster.kubectl("-n", NS, "cp", "tool:/tmp/file", `${dir}/back`);
      expect(readFileSync(`${dir}/back`).equals(content)).toBe(true);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it("forwards a port", async () => {
    const serve = `require("http").createServer((q, s) => s.end("hello from " + process.env.HOSTNAME)).listen(8080)`;
    await apply(
      east.cluster,
      pod("server", {
        containers: [{ name: "main", image: "tideway.local/workload:1", command: ["node", "-e", serve] }],
      }),
    );
    await running("server");
    const free = createServer().listen(0);
    await once(free, "listening");
    const { port } = free.address() as { port: number };
    free.close();
    const child = spawn("bin/kubectl", [
      "--kubeconfig",
      east.cluster.kubeconfig,
      "-n",
      NS,
      "port-forward",
      "pod/server",
      `${port}:8080`,
    ]);
    try {
      await once(child.stdout, "data");
      const answer = await until(async () => (await fetch(`http://127.0.0.1:${port}/`)).text(), {
        what: "an answer over the forwarded port",
      });
      expect(answer).toBe("hello from server");
    } finally {
      child.kill();
    }
  });

  it("says what is wrong when the container does not exist", async () => {
    const { err, code } = await kubectlRaw(east.cluster, ["-n", NS, "logs", "tool", "-c", "nope"]);
    expect(code).not.toBe(0);
    expect(err).toContain("nope");
  });
});

describe("a pod across the border behaves as on a real node", () => {
  it("counts the restarts of a crash loop and shows the previous log", async () => {
    await apply(east.cluster, pod("crash", { containers: [shell("echo about to fail; exit 3")] }));
    const status = await until(
      async () => {
        const c = (await podOf(east, NS, "crash"))?.status?.containerStatuses?.[0];
        // The kubelet keeps one dead container: while that is the current one, there may be none before it.
        return c && c.restartCount >= 2 && c.lastState?.terminated ? c : undefined;
      },
      { what: "two restarts" },
    );
    expect(status.lastState?.terminated?.exitCode).toBe(3);
    await until(
      async () =>
        (await east.cluster.kubectl("-n", NS, "logs", "crash", "--previous")).includes("about to fail"),
      { what: "the log of the crashed container" },
    );
    await east.cluster.kubectl("-n", NS, "delete", "pod", "crash", "--now");
  });

  it("runs init containers in order before the others", async () => {
    const mounts = { volumeMounts: [{ name: "shared", mountPath: "/shared" }] };
    await apply(
      east.cluster,
      pod("init", {
        restartPolicy: "Never",
        initContainers: [
          { ...shell("echo one >> /shared/log", mounts), name: "one" },
          { ...shell("echo two >> /shared/log", mounts), name: "two" },
        ],
        containers: [shell("cat /shared/log", mounts)],
        volumes: [{ name: "shared", emptyDir: {} }],
      }),
    );
    await phaseIs(east, NS, "init", "Succeeded");
    expect(await east.cluster.kubectl("-n", NS, "logs", "init")).toBe("one\ntwo\n");
  });

  it("takes its environment and files from ConfigMaps and Secrets, and sees their changes", async () => {
    await east.kube.create(configMaps, {
      metadata: { name: "settings", namespace: NS },
      data: { COLOUR: "teal" },
    });
    await east.kube.create(secrets, {
      metadata: { name: "keys", namespace: NS },
      data: { KEY: Buffer.from("s3cret").toString("base64") },
    });
    await apply(
      east.cluster,
      pod("env", {
        containers: [
          shell(`echo "$COLOUR $KEY $POD"; cat /etc/settings/COLOUR; echo; ${STAY}`, {
            envFrom: [{ configMapRef: { name: "settings" } }],
            env: [
              { name: "KEY", valueFrom: { secretKeyRef: { name: "keys", key: "KEY" } } },
              { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
            ],
            volumeMounts: [{ name: "settings", mountPath: "/etc/settings" }],
          }),
        ],
        volumes: [{ name: "settings", configMap: { name: "settings" } }],
      }),
    );
    await running("env");
    await until(
      async () => (await east.cluster.kubectl("-n", NS, "logs", "env")).includes("teal s3cret env\nteal"),
      {
        what: "environment and file in the pod's output",
      },
    );
    await east.kube.patch(configMaps, "settings", NS, { data: { COLOUR: "amber" } });
    await until(async () => (await west.kube.find(configMaps, "settings", twin))?.data?.COLOUR === "amber", {
      what: "the change on west",
    });
    await east.cluster.kubectl("-n", NS, "delete", "pod", "env", "--now");
    await until(async () => !(await west.kube.find(secrets, "keys", twin)), {
      what: "the Secret withdrawn when nothing refers to it",
    });
  });

  it("shows a Secret that no pod refers to to nobody", async () => {
    await east.kube.create(secrets, { metadata: { name: "private", namespace: NS }, data: { KEY: "eA==" } });
    await apply(east.cluster, pod("plain", { containers: [shell(STAY)] }));
    await running("plain");
    expect((await west.kube.list(secrets, { namespace: twin })).map((s) => s.metadata.name)).not.toContain(
      "private",
    );
  });

  it("completes a Job", async () => {
    await apply(east.cluster, {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "sum", namespace: NS },
      spec: {
        completions: 3,
        parallelism: 2,
        template: { spec: { restartPolicy: "Never", containers: [shell("echo $((40 + 2))")] } },
      },
    });
    await east.cluster.kubectl("-n", NS, "wait", "--for=condition=Complete", "job/sum", "--timeout=60s");
    expect(await east.cluster.kubectl("-n", NS, "logs", "job/sum")).toBe("42\n");
  });

  it("ends with its grace period: the container gets SIGTERM and time to finish", async () => {
    await apply(
      east.cluster,
      pod("graceful", {
        terminationGracePeriodSeconds: 20,
        containers: [
          shell(
            "trap 'echo ending; sleep 2; echo ended; exit 0' TERM; echo up; while true; do sleep 0.2; done",
          ),
        ],
      }),
    );
    await running("graceful");
    await until(async () => (await east.cluster.kubectl("-n", NS, "logs", "graceful")).includes("up"), {
      what: "the trap to be set",
    });
    let seen = "";
    const follow = kubectlRaw(east.cluster, ["-n", NS, "logs", "-f", "graceful"], {
      until: (out) => ((seen = out), false),
    });
    await until(() => Promise.resolve(seen.includes("up")), { what: "the log to be followed" });
    await east.cluster.kubectl("-n", NS, "delete", "pod", "graceful");
    expect((await follow).out).toContain("ending\nended");
    expect(await podOf(west, twin, "graceful")).toBeUndefined();
  });

  it("brings the provider's events back to the pod", async () => {
    await apply(
      east.cluster,
      pod("noimage", {
        containers: [{ name: "main", image: "tideway.local/does-not-exist:1", imagePullPolicy: "Never" }],
      }),
    );
    await until(
      async () => {
        const all = await east.kube.list(events, {
          namespace: NS,
          fieldSelector: "involvedObject.name=noimage",
        });
        return all.some((e) => e.reason === "ErrImageNeverPull" || e.reason === "Failed");
      },
      { what: "the image's failure as an Event on east" },
    );
    await until(
      async () =>
        (await podOf(east, NS, "noimage"))?.status?.containerStatuses?.[0]?.state?.waiting?.reason ===
        "ErrImageNeverPull",
      { what: "the reason in the pod's status" },
    );
    await east.cluster.kubectl("-n", NS, "delete", "pod", "noimage", "--now");
  });

  it("stays Pending with the scheduler's words when it asks for more than the offer", async () => {
    await apply(
      east.cluster,
      pod("huge", { containers: [shell(STAY, { resources: { requests: { cpu: "900" } } })] }),
    );
    const message = await until(
      async () =>
        (await podOf(east, NS, "huge"))?.status?.conditions?.find(
          (c) => c.type === "PodScheduled" && c.status === "False",
        )?.message,
      { what: "the scheduler's verdict" },
    );
    expect(message).toContain("Insufficient cpu");
    await east.cluster.kubectl("-n", NS, "delete", "pod", "huge");
  });

  it("refuses what a foreign pod may not have, and says which field", async () => {
    const privileged = pod("privileged", {
      containers: [shell(STAY, { securityContext: { privileged: true } })],
    });
    await expect(apply(east.cluster, privileged)).rejects.toThrow("containers[0].securityContext.privileged");
    expect(await podOf(west, twin, "privileged")).toBeUndefined();
  });
});
