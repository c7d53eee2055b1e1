import { fetchAndCheck } from "@tideway/platform";
import type { Bed } from "./bed.ts";
import { makeProbe, NS } from "./network-bed.ts";
import type { Result } from "./result.ts";

const GIB_IN_MIB = 1024;

/** One whole GiB each way, and its checksum. */
export const benchTransfer = async (bed: Bed): Promise<Result[]> => {
  const { east } = bed;
  const hosts = { takes: east.cluster.nodes[1] ?? "", sends: "west" };
  const results: Result[] = [];
  for (const [name, hostname] of Object.entries(hosts))
    await makeProbe(east, { name, namespace: NS, hostname });
  const expose = ["expose", "pod", "--port=8080", "--cluster-ip=None"];
  for (const [from, to] of [
    ["takes", "sends"],
    ["sends", "takes"],
  ] as const) {
    await east.cluster.kubectl("-n", NS, ...expose, to);
    const ready = [
      "exec",
      from,
      "--",
      "curl",
      "-sS",
      "--retry",
      "20",
      "--retry-all-errors",
      "--retry-delay",
      "1",
    ];
    await east.cluster.kubectl("-n", NS, ...ready, `http://${to}:8080/`); // until its name is known over there
    const startedAt = performance.now();
    const script = fetchAndCheck(to, GIB_IN_MIB);
    const said = (await east.cluster.kubectl("-n", NS, "exec", from, "--", "node", "-e", script)).trim();
    const seconds = (performance.now() - startedAt) / 1_000;
    results.push({
      name: `1 GiB ${from === "takes" ? "from" : "to"} the other side, checksum compared`,
      unit: "s",
      n: 1,
      p50: seconds,
      p99: seconds,
      target: "intact",
      met: said === `${GIB_IN_MIB * 2 ** 20} true`,
    });
  }
  for (const name of Object.keys(hosts))
    await east.cluster.kubectl("-n", NS, "delete", "pod,service", name, "--now");
  return results;
};
