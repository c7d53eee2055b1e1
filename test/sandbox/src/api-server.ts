import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binaries } from "./binaries.ts";
import { type Child, startChild } from "./child.ts";
import { apiServerArgs, controllerManagerArgs, etcdArgs } from "./control-plane.ts";
import { logTail } from "./daemon.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { makePki } from "./pki.ts";
import { freePorts } from "./ports.ts";
import { ensureLightPrerequisites } from "./prerequisites.ts";
import { run } from "./run.ts";
import { Fatal, until } from "./wait.ts";

export interface ApiServerOptions {
  /** Appears in the kubeconfig and in the directory's name; default `api`. */
  name?: string;
  /** Runs a controller-manager too: CSRs get signed, namespaces end, owners are followed, accounts appear. Default false. */
  controllerManager?: boolean;
  /** Controllers that the manager runs besides those, or `-<name>`: that it does not run; default none. */
  controllers?: readonly string[];
  /** File with an audit policy; default none, and no audit log. */
  auditPolicy?: string;
}

export interface ApiServer {
  url: string;
  /** Path; cluster-admin. */
  kubeconfig: string;
  /** File with the cluster's authority. */
  caFile: string;
  /** The authority's files; `makeCertificate` signs others by it. */
  pki: string;
  /** One JSON object a line, a second late; there with an `auditPolicy`. */
  auditLog: string;
  /** Applies all YAML below the directory and waits until each kind is served. */
  applyCrds(dir: string): Promise<void>;
  kubectl(...args: string[]): Promise<string>;
  /** Ends everything and removes the directory. */
  stop(): Promise<void>;
  /** SIGKILL of kube-apiserver; etcd keeps the data. */
  kill(): Promise<void>;
  /** After kill(): the same address, the same data. */
  start(): Promise<void>;
}

const CONTROLLERS = [
  "certificatesigningrequest-signing-controller",
  "certificatesigningrequest-cleaner-controller",
  "garbage-collector-controller",
  "namespace-controller",
  "root-ca-certificate-publisher-controller",
  "serviceaccount-controller",
  "serviceaccount-token-controller",
  "resourcequota-controller",
  "endpointslice-controller",
];

/** A real kube-apiserver with its etcd on loopback ports; several run side by side. */
export async function startApiServer(o: ApiServerOptions = {}): Promise<ApiServer> {
  await ensureLightPrerequisites();
  const name = o.name ?? "api";
  const dir = mkdtempSync(join(tmpdir(), `tideway-${name}-`));
  const pki = join(dir, "pki");
  mkdirSync(pki, { recursive: true });
  const forget = (): void => rmSync(dir, { recursive: true, force: true });
  process.once("exit", forget);
  const [port = 0, client = 0, peer = 0, manager = 0] = await freePorts(4);
  const serverNames = [
    "DNS:localhost",
    "DNS:kubernetes",
    "DNS:kubernetes.default.svc",
    "IP:127.0.0.1",
    "IP:10.201.0.1",
  ];
  await makePki(pki, { clusterName: name, serverNames });
  const url = `https://127.0.0.1:${port}`;
  const kubeconfig = join(dir, "kubeconfig");
  const auditLog = join(dir, "audit.log");
  writeKubeconfig(kubeconfig, { cluster: name, server: url, pki, user: "admin" });
  const launch = async (component: string, args: string[]): Promise<Child> =>
    startChild(await binaries.kube(component), args, join(dir, `${component}.log`));
  const kubectlPath = await binaries.kube("kubectl");
  const kubectl = (...args: string[]): Promise<string> =>
    run(kubectlPath, ["--kubeconfig", kubeconfig, ...args]);

  const local = (p: number): string => `http://127.0.0.1:${p}`;
  const etcd = await launch(
    "etcd",
    etcdArgs({ dataDir: join(dir, "etcd"), clientUrl: local(client), peerUrl: local(peer) }),
  );
  const serverArgs = apiServerArgs({
    pki,
    advertise: "127.0.0.1",
    bind: "127.0.0.1",
    port,
    etcd: local(client),
    serviceCidr: "10.201.0.0/16",
    serviceAccountAdmission: o.controllerManager === true,
    auditLog: o.auditPolicy ? auditLog : undefined,
    auditPolicy: o.auditPolicy,
  });
  let server: Child | undefined;
  const start = async (): Promise<void> => {
    if (!server || server.exited()) server = await launch("kube-apiserver", serverArgs);
    await until(
      async () => {
        if (etcd.exited()) throw new Fatal(`etcd ended: ${logTail(join(dir, "etcd.log"))}`);
        if (server?.exited())
          throw new Fatal(`kube-apiserver ended: ${logTail(join(dir, "kube-apiserver.log"))}`);
        return (await kubectl("get", "--raw", "/readyz")) === "ok";
      },
      { what: `API server ${name}`, everyMs: 100, explain: () => logTail(join(dir, "kube-apiserver.log")) },
    );
  };
  await start();
  const controllers = o.controllerManager
    ? await launch(
        "kube-controller-manager",
        controllerManagerArgs({
          pki,
          kubeconfig,
          port: manager,
          qps: 500,
          burst: 1000,
          controllers: [...(o.controllers ?? []), ...CONTROLLERS],
        }),
      )
    : undefined;
  if (controllers) {
    await until(() => kubectl("-n", "default", "get", "serviceaccount", "default"), {
      what: "the default service account",
    });
  }
  return {
    url,
    kubeconfig,
    caFile: join(pki, "ca.crt"),
    pki,
    auditLog,
    kubectl,
    start,
    kill: async () => server?.end("SIGKILL"),
    async applyCrds(crds) {
      await kubectl(
        "apply",
        "--server-side",
        existsSync(join(crds, "kustomization.yaml")) ? "-k" : "-f",
        crds,
      );
      await kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all");
    },
    async stop() {
      await Promise.all([server, controllers, etcd].map((c) => c?.end("SIGKILL") ?? Promise.resolve()));
      process.removeListener("exit", forget);
      forget();
    },
  };
}
