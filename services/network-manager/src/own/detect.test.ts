import { NotFoundError } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import { describe, expect, it } from "vitest";
import { argument, detect } from "./detect.ts";
import { clusterNetworkOf, cover, subnetOf } from "./family.ts";
import { reachedAt, slim as slimOf, type SlimNode } from "./nodes.ts";

/** A cluster that holds just these, by plural, or by `plural/name`. */
const cluster = (held: Record<string, unknown>): Pick<Kube, "list" | "find"> =>
  ({
    list: (r: { plural: string }) => {
      if (r.plural === "servicecidrs" && held[r.plural] === undefined)
        return Promise.reject(new NotFoundError("404"));
      return Promise.resolve(held[r.plural] ?? []);
    },
    find: (r: { plural: string }, name: string) => Promise.resolve(held[`${r.plural}/${name}`]),
  }) as never;

const controllerManager = (...args: string[]) => ({
  spec: { containers: [{ command: ["kube-controller-manager", ...args] }] },
});
const node = (podCIDR: string, address: string) => ({
  spec: { podCIDR },
  status: { addresses: [{ type: "InternalIP", address }] },
});

describe("this cluster's own networks", () => {
  it("are what somebody told", async () => {
    const found = await detect(cluster({}), {
      podCIDR: "10.1.0.0/16, fd01::/56",
      serviceCIDR: "10.2.0.0/16,fd02::/112",
    });
    expect(found).toMatchObject({ podCIDR: "10.1.0.0/16", serviceCIDRs: ["10.2.0.0/16"] });
  });

  it("are read from the arguments of the controller manager, and the Services' from the API", async () => {
    const held = {
      pods: [controllerManager("--cluster-cidr=10.3.0.0/16", "--service-cluster-ip-range=10.4.0.0/16")],
      servicecidrs: [{ spec: { cidrs: ["10.5.0.0/16"] } }],
    };
    expect(await detect(cluster(held), {})).toMatchObject({
      podCIDR: "10.3.0.0/16",
      serviceCIDRs: ["10.5.0.0/16"],
    });
    expect(await detect(cluster({ pods: held.pods }), {})).toMatchObject({ serviceCIDRs: ["10.4.0.0/16"] });
  });

  it("are read from what kubeadm and kube-proxy keep", async () => {
    const kubeadm = "networking:\n  podSubnet: 10.6.0.0/16\n  serviceSubnet: 10.7.0.0/16\n";
    const held = { "configmaps/kubeadm-config": { data: { ClusterConfiguration: kubeadm } } };
    expect(await detect(cluster(held), {})).toMatchObject({
      podCIDR: "10.6.0.0/16",
      serviceCIDRs: ["10.7.0.0/16"],
    });
    const proxy = { "configmaps/kube-proxy": { data: { "config.conf": "clusterCIDR: 10.8.0.0/16\n" } } };
    expect(await detect(cluster(proxy), {})).toMatchObject({ podCIDR: "10.8.0.0/16", serviceCIDRs: [] });
  });

  it("are guessed from the nodes, and around the API server's Service", async () => {
    const held = {
      nodes: [node("10.200.3.0/24", "192.168.0.1"), node("10.200.0.0/24", "192.168.0.2")],
      "services/kubernetes": { spec: { clusterIP: "10.96.0.1" } },
    };
    expect(await detect(cluster(held), {})).toMatchObject({
      podCIDR: "10.200.0.0/16",
      serviceCIDRs: ["10.96.0.0/12"],
    });
  });

  it("are unknown where nothing tells", async () => expect(await detect(cluster({}), {})).toBeUndefined());
});

describe("arithmetic of them", () => {
  it("covers slices, and rounds to what is usual unless something else lies there", () => {
    expect(cover(["10.0.1.0/24", "10.0.6.0/24"])).toBe("10.0.0.0/21");
    expect(cover([])).toBeUndefined();
    expect(clusterNetworkOf(["10.0.1.0/24"], [])).toBe("10.0.0.0/16");
    expect(clusterNetworkOf(["10.0.1.0/24"], ["10.0.128.0/24"])).toBe("10.0.1.0/24");
    expect(clusterNetworkOf(["10.0.1.0/24", "10.9.0.0/24"], [])).toBe("10.0.0.0/12");
    expect(clusterNetworkOf(["10.0.1.0/24", "192.168.1.0/24"], [])).toBeUndefined();
    expect(clusterNetworkOf(["fd00:10:244:1::/64"], [])).toBe("fd00:10:244::/56");
  });

  it("reserves the subnet of a node", () => {
    expect(subnetOf("192.168.7.10")).toBe("192.168.7.0/24");
    expect(subnetOf("fd00::7:10")).toBe("fd00::/64");
  });

  it("finds an argument in either spelling", () => {
    const pod = (...args: string[]) => ({ spec: { containers: [{ name: "c", args }] } });
    expect(argument(pod("--a=1"), "--a")).toBe("1");
    expect(argument(pod("--a", "2"), "--a")).toBe("2");
    expect(argument(pod("--ab=1"), "--a")).toBeUndefined();
  });

  it("tells peers ready nodes that are real, at most eight, and all where none is ready", () => {
    const slim = (name: string, over: Partial<SlimNode> = {}): SlimNode => ({
      metadata: { name },
      ready: true,
      virtual: false,
      internal: [`10.0.0.${name}`],
      external: [],
      ...over,
    });
    expect(
      reachedAt([
        slim("2", { external: ["192.0.2.2"] }),
        slim("1"),
        slim("3", { ready: false }),
        slim("4", { virtual: true }),
      ]),
    ).toEqual(["10.0.0.1", "192.0.2.2"]);
    expect(reachedAt(Array.from({ length: 12 }, (_, i) => slim(`${i}`)))).toHaveLength(8);
    expect(reachedAt([slim("1", { ready: false })])).toEqual(["10.0.0.1"]);
  });

  it("takes nodes for real unless their maker marks them as having no kernel", () => {
    const metadata = { name: "n" };
    const taint = (key: string) => slimOf({ metadata, spec: { taints: [{ key, effect: "NoSchedule" }] } });
    expect([
      slimOf({ metadata }).virtual,
      taint("dedicated").virtual,
      taint("virtual-kubelet.io/provider").virtual,
      taint("kwok.x-k8s.io/node").virtual,
      slimOf({ metadata: { ...metadata, annotations: { "kwok.x-k8s.io/node": "fake" } } }).virtual,
    ]).toEqual([false, false, true, true, true]);
  });
});
