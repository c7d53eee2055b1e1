/** `make demo`: two clusters, Tideway on both, peered; a Deployment of east runs on west, and a Service reaches it. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { buildImages, loadImages, startCluster, until } from "@tideway/sandbox";
import { deployTideway, services, tideway } from "@tideway/platform";

const startedAt = performance.now();
const seconds = (): string => `${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s`;
const step = (text: string): void => console.log(`[${seconds()}] ${text}`);
const show = (title: string, text: string): void => console.log(`\n── ${title}\n${text.trimEnd()}`);

const image = "tideway.local/workload:1";
const serve = `
  const hello = () => "hello from " + process.env.HOSTNAME + " at " + new Date().toISOString() + "\\n";
  require("node:http").createServer((req, res) => res.end(hello())).listen(8080);
  setInterval(() => process.stdout.write(hello()), 1000);
  process.on("SIGTERM", () => process.exit());`;
const metadata = { name: "hello", namespace: "demo" };
const labels = { app: "hello" };
const container = {
  image,
  command: ["node", "-e", serve],
  ports: [{ containerPort: 8080 }],
  readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
  resources: { requests: { cpu: "50m", memory: "64Mi" } },
};
const workload = [
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 2, containers: [{ name: "hello", ...container }] },
      },
    },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
  },
  {
    // its namespace is not offloaded: it stays on east, and asks from there
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "visitor", namespace: "default" },
    spec: {
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      containers: [{ name: "visitor", image, command: ["sleep", "infinity"] }],
    },
  },
];
const ASK = "for i in 1 2 3; do curl -sS --fail --max-time 2 http://hello.demo || exit 1; done";

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
const file = ".sandbox/demo.json";
writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: workload }));
await east.kubectl("apply", "-f", file);
await east.kubectl("-n", "demo", "rollout", "status", "deployment/hello", "--timeout=60s");
step("Deployment hello: three replicas run on west");
await east.kubectl("wait", "--for=condition=Connected", "foreigncluster/west", "--timeout=60s");
await east.kubectl("wait", "--for=condition=Ready", "pod/visitor", "--timeout=60s");
const answers = await until(() => east.kubectl("exec", "visitor", "--", "bash", "-c", ASK), {
  what: "Service hello, whose pods run on west, to answer a pod on east",
});
step("Service hello: a pod on east reaches the pods on west");

show("east's nodes: kubectl get nodes", await east.kubectl("get", "nodes", "-o", "wide"));
show("the pods as east shows them", await east.kubectl("-n", "demo", "get", "pods", "-o", "wide"));
show(
  "the same pods on west",
  await west.kubectl("get", "pods", "-A", "-l", "tideway.dev/origin", "-o", "wide"),
);
show("a pod on east asks their Service: curl http://hello.demo", answers);
show("the tunnel: tideway network status", await tideway(east, "network", "status"));
show("the peering: tideway status", await tideway(east, "status"));
show("the peering's events from the bus: tideway events", await tideway(east, "events"));
console.log(`
── try next
  export PATH="$PWD/bin:$PATH" KUBECONFIG=.sandbox/east.kubeconfig
  kubectl get nodes,foreignclusters
  kubectl -n demo logs -f deploy/hello
  kubectl -n demo exec -it deploy/hello -- bash
  kubectl exec visitor -- curl -s http://hello.demo
  kubectl -n demo scale deploy/hello --replicas=5
  tideway events --follow
  make down        # removes everything

done in ${seconds().trim()}`);
