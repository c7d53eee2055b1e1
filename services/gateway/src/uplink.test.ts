import { expect, it } from "vitest";
import { parseDefaultRoute } from "./uplink.ts";

const HEAD = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n";
it("finds the default route that the CNI made", () => {
  const text = `${HEAD}eth0\t0000C80A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\neth0\t00000000\t0100C80A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n`;
  expect(parseDefaultRoute(text)).toEqual({ device: "eth0", gateway: "10.200.0.1" });
  expect(parseDefaultRoute(HEAD)).toBeUndefined();
});
