import { dirname, join } from "node:path";
import { kubectlOf } from "./addons.ts";
import { binaries } from "./binaries.ts";
import type { Cluster } from "./cluster.ts";
import { CONTOUR_IMAGE, contourImage, ENVOY_IMAGE, envoyImage } from "./images/contour.ts";
import { loadImages } from "./images/services.ts";

/** As the manifests of its release call it. */
const NAMESPACE = "projectcontour";
const labels = { app: "contour" };
const XDS_PORT = 8001;
const READY = { path: "/ready", port: 8002 };
const SERVED = [
  { name: "http", containerPort: 8080, hostPort: 80 },
  { name: "https", containerPort: 8443, hostPort: 443 },
];

export interface IngressOptions {
  /** The class that is served; others are left alone. */
  className: string;
}

type Place = Pick<Cluster, "name" | "kubeconfig" | "nodes" | "nodeAddress">;

/**
 * An Ingress controller that was not written here: Contour and Envoy. Serves Ingresses of the class at ports 80 and 443
 * of the first node, whose address it puts into their status. Ready when Envoy answers.
 */
export async function startIngress(cluster: Place, o: IngressOptions): Promise<void> {
  const k = await kubectlOf(cluster);
  await loadImages(cluster, await Promise.all([contourImage(), envoyImage()]));
  const manifests = join(dirname(await binaries.contour()), "manifests");
  const apply = ["apply", "--server-side", "--force-conflicts", "-f"];
  await k([...apply, manifests]);
  // without them Contour ends, and is started again much later
  await k(["wait", "--for=condition=Established", "--timeout=30s", "-f", join(manifests, "01-crds.yaml")]);
  await k([...apply, "-"], JSON.stringify(objects(cluster, o)));
  await k(["-n", NAMESPACE, "rollout", "status", "deployment/contour", "--timeout=60s"]);
}

/** All of it, also its custom resources; waits until they are gone. */
export async function stopIngress(cluster: Place): Promise<void> {
  const k = await kubectlOf(cluster);
  const gone = async (...what: string[]): Promise<string> =>
    k(["delete", "--ignore-not-found", "--timeout=60s", ...what]);
  await gone("ingressclass", "-l", "app=contour");
  await gone("-f", join(dirname(await binaries.contour()), "manifests"));
}

/**
 * One pod for both, so that Envoy takes its configuration over the pod's own loopback interface, where it needs no
 * certificates.
 */
const objects = (cluster: Place, o: IngressOptions): object => ({
  apiVersion: "v1",
  kind: "List",
  items: [
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      metadata: { name: o.className, labels },
      spec: { controller: "projectcontour.io/contour" },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "contour", namespace: NAMESPACE, labels },
      spec: {
        replicas: 1,
        strategy: { type: "Recreate" }, // the ports of the node are there once
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec(cluster, o) },
      },
    },
  ],
});

const mount = (name: string): object => ({ name, mountPath: `/${name}` });
const resources = { requests: { cpu: "10m", memory: "50Mi" } };

const podSpec = (cluster: Place, o: IngressOptions): object => ({
  serviceAccountName: "contour",
  terminationGracePeriodSeconds: 0,
  nodeSelector: { "kubernetes.io/hostname": cluster.nodes[0] },
  initContainers: [
    {
      name: "bootstrap",
      image: CONTOUR_IMAGE,
      args: [
        ...["bootstrap", "/config/envoy.json"],
        ...["--xds-address=127.0.0.1", `--xds-port=${XDS_PORT}`],
      ],
      volumeMounts: [mount("config"), mount("admin")],
    },
  ],
  containers: [
    {
      name: "contour",
      image: CONTOUR_IMAGE,
      args: [
        ...["serve", "--incluster", "--disable-leader-election"],
        ...["--insecure", "--xds-address=127.0.0.1", `--xds-port=${XDS_PORT}`],
        `--ingress-class-name=${o.className}`,
        `--ingress-status-address=${cluster.nodeAddress}`,
      ],
      resources,
    },
    {
      name: "envoy",
      image: ENVOY_IMAGE,
      args: [
        ...["-c", "/config/envoy.json", "--concurrency", "1"],
        ...["--service-cluster", NAMESPACE, "--service-node", cluster.name],
      ],
      ports: SERVED,
      readinessProbe: { httpGet: READY, periodSeconds: 1 },
      resources,
      volumeMounts: [mount("config"), mount("admin")],
    },
  ],
  volumes: ["config", "admin"].map((name) => ({ name, emptyDir: {} })),
});
