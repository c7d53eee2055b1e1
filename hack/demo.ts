/** `make demo`: two clusters, Tideway on both, peered, and a Deployment of east running on west's capacity. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { buildImages, loadImages, startCluster } from "@tideway/sandbox";
import { deployTideway, services, tideway } from "@tideway/platform";

const startedAt = performance.now();
const seconds = (): string => `${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s`;
const step = (text: string): void => console.log(`[${seconds()}] ${text}`);
const show = (title: string, text: string): void => console.log(`\n── ${title}\n${text.trimEnd()}`);

const workload = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: hello, namespace: demo}
spec:
  replicas: 3
  selector: {matchLabels: {app: hello}}
  template:
    metadata: {labels: {app: hello}}
    spec:
      terminationGracePeriodSeconds: 2
      containers:
        - name: hello
          image: tideway.local/workload:1
          command: ["/bin/bash", "-c", "trap exit TERM; while true; do echo \\"hello from $HOSTNAME at $(date -Is)\\"; sleep 1 & wait; done"]
          resources: {requests: {cpu: 50m, memory: 32Mi}}
`;

const build = spawnSync(process.execPath, ["hack/build.ts"], { stdio: "inherit" });
if (build.status !== 0) throw new Error("the build failed; see above");
step("services bundled");

const [east, west] = await Promise.all(
  ["east", "west"].map((name) => startCluster({ name, report: (s) => step(`${name}: ${s}`) })),
);
if (!east || !west) throw new Error("no clusters");
const images = await buildImages([...services]);
await Promise.all([east, west].map((c) => loadImages(c, images)));
step("images built and loaded");
await Promise.all([east, west].map((c) => deployTideway(c, step)));

const invitation = (await tideway(west, "invite")).trim().split("\n").at(-1)!;
step("west invites: tideway invite");
const peeredAt = performance.now();
await tideway(east, "peer", invitation, "--wait", "--timeout", "60s");
step(
  `east peers: tideway peer <invitation> (${Math.round(performance.now() - peeredAt)} ms with the CLI's start)`,
);

await east.kubectl("create", "namespace", "demo").catch(() => undefined); // there already when run again
await tideway(
  east,
  "offload",
  "namespace",
  "demo",
  "--pod-offloading-strategy",
  "Remote",
  "--wait",
  "--timeout",
  "60s",
);
step("namespace demo offloaded: tideway offload namespace demo");
const file = ".sandbox/demo.yaml";
writeFileSync(file, workload);
await east.kubectl("apply", "-f", file);
await east.kubectl("-n", "demo", "rollout", "status", "deployment/hello", "--timeout=60s");
step("Deployment hello: three replicas run on west");

show("east's nodes: kubectl get nodes", await east.kubectl("get", "nodes", "-o", "wide"));
show("the pods as east shows them", await east.kubectl("-n", "demo", "get", "pods", "-o", "wide"));
show(
  "the same pods on west",
  await west.kubectl("get", "pods", "-A", "-l", "tideway.dev/origin", "-o", "wide"),
);
show("the peering: tideway status", await tideway(east, "status"));
show("the peering's events from the bus: tideway events", await tideway(east, "events"));
console.log(`
── try next
  export PATH="$PWD/bin:$PATH" KUBECONFIG=.sandbox/east.kubeconfig
  kubectl get nodes,foreignclusters
  kubectl -n demo logs -f deploy/hello
  kubectl -n demo exec -it deploy/hello -- bash
  kubectl -n demo scale deploy/hello --replicas=5
  tideway events --follow
  make down        # removes everything

done in ${seconds().trim()}`);
