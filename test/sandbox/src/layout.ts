import { createHash } from "node:crypto";
import { join, resolve } from "node:path";

/** The same ranges in every cluster, on purpose: what is built on the sandbox has to cope with overlaps. */
export const POD_CIDR = "10.200.0.0/16";
export const SERVICE_CIDR = "10.201.0.0/16";
export const API_SERVICE_IP = "10.201.0.1";
export const DNS_SERVICE_IP = "10.201.0.10";
export const API_PORT = 6443;
export const FLANNEL_USER = "flannel";
export const LOCAL_PATH_USER = "local-path-provisioner";

export const RUN_ROOT = "/run/tideway-sandbox";
export const VAR_ROOT = "/var/lib/tideway-sandbox";

export const checkout = resolve(new URL("../../../", import.meta.url).pathname);

export interface Place {
  /** Directory of this sandbox: kubeconfigs and `state/`. */
  dir: string;
  /** Short name, a prefix of everything made in the kernel; from the directory, so two checkouts do not meet. */
  id: string;
  /** Pid files and sockets: paths of Unix sockets must be short. */
  run: string;
  /** containerd's and the kubelet's directories, short for the same reason. */
  data: string;
}

export function placeOf(o: { dir?: string | undefined; sandbox?: string | undefined } = {}): Place {
  const base = resolve(o.dir ?? join(checkout, ".sandbox"));
  const dir = o.sandbox ? join(base, o.sandbox) : base;
  const id = `tw${createHash("sha256").update(dir).digest("hex").slice(0, 6)}`;
  return { dir, id, run: join(RUN_ROOT, id), data: join(VAR_ROOT, id) };
}

export interface ClusterPlace extends Place {
  cluster: string;
  state: string;
  pki: string;
  logs: string;
  kubeconfig: string;
  pids: string;
}

export function clusterPlace(p: Place, cluster: string): ClusterPlace {
  const state = join(p.dir, "state", cluster);
  return {
    ...p,
    cluster,
    state,
    pki: join(state, "pki"),
    logs: join(state, "logs"),
    kubeconfig: join(p.dir, `${cluster}.kubeconfig`),
    pids: join(p.run, cluster),
  };
}

export interface NodePlace {
  name: string;
  index: number;
  netns: string;
  /** Host end of the node's cable, at most 15 characters. */
  link: string;
  address: string;
  podCidr: string;
  /** Sockets and containerd's state. */
  run: string;
  /** containerd's content and the kubelet's pods. */
  data: string;
  cgroup: string;
  socket: string;
}

export interface Lan {
  /** Third octet of 10.210.x.0/24. */
  octet: number;
  /** Cluster name -> slot; a slot is 16 addresses. */
  slots: Record<string, number>;
}

export const hostAddress = (lan: Lan): string => `10.210.${lan.octet}.1`;
export const lanNetns = (p: Place): string => `${p.id}-lan`;

export function nodePlace(p: ClusterPlace, lan: Lan, index: number): NodePlace {
  const slot = lan.slots[p.cluster];
  if (slot === undefined) throw new Error(`cluster ${p.cluster} has no addresses`);
  const name = `${p.cluster}-${index}`;
  const run = join(p.run, name);
  return {
    name,
    index,
    netns: `${p.id}-${name}`,
    link: `${p.id}s${slot}n${index}`,
    address: `10.210.${lan.octet}.${slot * 16 + 16 + index}`,
    podCidr: `10.200.${index}.0/24`,
    run,
    data: join(p.data, name),
    cgroup: `/${p.id}-${name}`,
    socket: join(run, "containerd.sock"),
  };
}
