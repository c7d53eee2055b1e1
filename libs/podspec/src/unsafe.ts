/**
 * What a value may not ask of the provider, after the baseline level of the Pod Security Standards (1.34);
 * stricter where a value names something of the provider's nodes.
 */
const record = (v: unknown): Record<string, unknown> =>
  typeof v === "object" && v !== null && !Array.isArray(v) ? (v as Record<string, unknown>) : {};

/** What is there but neither of the form Kubernetes defines nor false counts as asked for. */
export const isTrue = (v: unknown): boolean => v !== false;

const BASELINE_CAPABILITIES = new Set([
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
]);
export const addsUnsafeCapability = (v: unknown): boolean => {
  const add = record(v).add ?? [];
  return !Array.isArray(add) || add.some((c) => typeof c !== "string" || !BASELINE_CAPABILITIES.has(c));
};

const SAFE_SYSCTLS = new Set([
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ping_group_range",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.tcp_wmem",
]);
export const hasUnsafeSysctl = (v: unknown): boolean =>
  !Array.isArray(v) || v.some((s) => !SAFE_SYSCTLS.has(String(record(s).name)));

const isProfileOtherThanDefault = (v: unknown): boolean => record(v).type !== "RuntimeDefault";
export const isUnsafeSeccomp = isProfileOtherThanDefault;
export const isUnsafeAppArmor = isProfileOtherThanDefault;

const CONTAINER_TYPES = new Set([
  "",
  "container_t",
  "container_init_t",
  "container_kvm_t",
  "container_engine_t",
]);
export const isUnsafeSeLinux = (v: unknown): boolean => {
  const { user, role, type } = record(v);
  const isSet = (s: unknown): boolean => s !== undefined && s !== "";
  return isSet(user) || isSet(role) || (type !== undefined && !CONTAINER_TYPES.has(String(type)));
};

export const hasHostProcess = (v: unknown): boolean =>
  record(v).hostProcess !== undefined && record(v).hostProcess !== false;
export const hasHost = (v: unknown): boolean => record(v).host !== undefined && record(v).host !== "";
