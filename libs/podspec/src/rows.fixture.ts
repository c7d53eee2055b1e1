import type { SectionName } from "./rule.ts";

/** For each row: values that cross and values that are refused. A row without an entry takes {@link anything}. */
export interface Sample {
  good?: unknown;
  bad?: unknown;
}

export const anything = "x";

const seccomp: Sample = { good: { type: "RuntimeDefault" }, bad: { type: "Unconfined" } };
const seLinux: Sample = { good: { type: "container_t", level: "s0" }, bad: { type: "spc_t" } };
const windows: Sample = { good: { runAsUserName: "u" }, bad: { hostProcess: true } };
const flag: Sample = { good: false, bad: true };
const http: Sample = { good: { path: "/", port: 80 }, bad: { path: "/", port: 80, host: "10.0.0.1" } };
const tcp: Sample = { good: { port: 80 }, bad: { port: 80, host: "10.0.0.1" } };
const list: Sample = { good: [] };
const fields: Sample = { good: {} };

export const SAMPLES: Partial<Record<SectionName, Record<string, Sample>>> = {
  pod: {
    containers: list,
    initContainers: list,
    volumes: list,
    resources: fields,
    securityContext: fields,
    hostIPC: flag,
    hostNetwork: flag,
    hostPID: flag,
  },
  podSecurity: {
    appArmorProfile: seccomp,
    seccompProfile: seccomp,
    seLinuxOptions: seLinux,
    windowsOptions: windows,
    sysctls: {
      good: [{ name: "net.ipv4.tcp_syncookies", value: "1" }],
      bad: [{ name: "kernel.msgmax", value: "1" }],
    },
  },
  container: {
    lifecycle: fields,
    livenessProbe: fields,
    readinessProbe: fields,
    startupProbe: fields,
    ports: list,
    resources: fields,
    securityContext: fields,
  },
  containerSecurity: {
    appArmorProfile: seccomp,
    seccompProfile: seccomp,
    seLinuxOptions: seLinux,
    windowsOptions: windows,
    privileged: flag,
    procMount: { good: "Default", bad: "Unmasked" },
    capabilities: { good: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] }, bad: { add: ["NET_ADMIN"] } },
  },
  port: { hostIP: { good: "", bad: "127.0.0.1" }, hostPort: { good: 0, bad: 80 } },
  lifecycle: { postStart: fields, preStop: fields },
  hook: { httpGet: http, tcpSocket: tcp },
  probe: { httpGet: http, tcpSocket: tcp },
  volume: { projected: fields },
  projected: { sources: list },
};

/** A PodSpec whose only interesting part is this field of this section. */
export const specWith = (section: SectionName, part: Record<string, unknown>): Record<string, unknown> => {
  const container = (c: Record<string, unknown>) => ({ containers: [c] });
  switch (section) {
    case "pod":
      return part;
    case "podSecurity":
      return { securityContext: part };
    case "container":
      return container(part);
    case "containerSecurity":
      return container({ securityContext: part });
    case "resources":
      return container({ resources: part });
    case "port":
      return container({ ports: [part] });
    case "lifecycle":
      return container({ lifecycle: part });
    case "hook":
      return container({ lifecycle: { preStop: part } });
    case "probe":
      return container({ livenessProbe: part });
    case "volume":
      return { volumes: [part] };
    case "projected":
      return { volumes: [{ projected: part }] };
    case "projection":
      return { volumes: [{ projected: { sources: [part] } }] };
  }
};
