import { crosses, refused, refusedWhen } from "./rule.ts";
import {
  addsUnsafeCapability,
  hasHost,
  hasHostProcess,
  isTrue,
  isUnsafeAppArmor,
  isUnsafeSeccomp,
  isUnsafeSeLinux,
} from "./unsafe.ts";

export const containerRules = [
  crosses("args"),
  crosses("command"),
  crosses("env", {
    note: "ConfigMaps and Secrets it names are reflected; namespace, node, uid and service account of `fieldRef` are the consumer's",
  }),
  crosses("envFrom", { note: "ConfigMaps and Secrets it names are reflected" }),
  crosses("image", { mutable: true }),
  crosses("imagePullPolicy"),
  crosses("lifecycle", { inner: "lifecycle" }),
  crosses("livenessProbe", { inner: "probe" }),
  crosses("name"),
  crosses("ports", { inner: "port" }),
  crosses("readinessProbe", { inner: "probe" }),
  crosses("resizePolicy"),
  crosses("resources", { inner: "resources" }),
  crosses("restartPolicy"),
  crosses("restartPolicyRules"),
  crosses("securityContext", { inner: "containerSecurity" }),
  crosses("startupProbe", { inner: "probe" }),
  crosses("stdin"),
  crosses("stdinOnce"),
  crosses("terminationMessagePath"),
  crosses("terminationMessagePolicy"),
  crosses("tty"),
  crosses("volumeDevices"),
  crosses("volumeMounts", { note: "those of the default token volume are left out" }),
  crosses("workingDir"),
];

export const containerSecurityRules = [
  crosses("allowPrivilegeEscalation"),
  refusedWhen(
    "appArmorProfile",
    "not `RuntimeDefault`",
    isUnsafeAppArmor,
    "only the AppArmor profile RuntimeDefault is allowed",
  ),
  refusedWhen(
    "capabilities",
    "one added outside the baseline set",
    addsUnsafeCapability,
    "only capabilities of the baseline level may be added",
  ),
  refusedWhen("privileged", "true", isTrue, "privileged containers are not allowed"),
  refusedWhen("procMount", "not `Default`", (v) => v !== "Default", "only the default proc mount is allowed"),
  crosses("readOnlyRootFilesystem"),
  crosses("runAsGroup"),
  crosses("runAsNonRoot"),
  crosses("runAsUser"),
  refusedWhen(
    "seLinuxOptions",
    "user, role, or a type that is not a container's",
    isUnsafeSeLinux,
    "only container types are allowed, and neither user nor role",
  ),
  refusedWhen(
    "seccompProfile",
    "not `RuntimeDefault`",
    isUnsafeSeccomp,
    "only the seccomp profile RuntimeDefault is allowed",
  ),
  refusedWhen("windowsOptions", "`hostProcess: true`", hasHostProcess, "host processes are not allowed"),
];

export const resourceRules = [
  refused("claims", "devices are claimed from the consumer's nodes and cannot cross"),
  crosses("limits"),
  crosses("requests"),
];

export const portRules = [
  crosses("containerPort"),
  refusedWhen("hostIP", "not empty", (v) => v !== "", "ports of the provider's hosts are not given away"),
  refusedWhen("hostPort", "not 0", (v) => v !== 0, "ports of the provider's hosts are not given away"),
  crosses("name"),
  crosses("protocol"),
];

export const lifecycleRules = [
  crosses("postStart", { inner: "hook" }),
  crosses("preStop", { inner: "hook" }),
  crosses("stopSignal"),
];

const hostOf = (field: string) =>
  refusedWhen(
    field,
    "with `host`",
    hasHost,
    "the kubelet of the provider probes only the pod itself: leave out host",
  );

export const hookRules = [crosses("exec"), hostOf("httpGet"), crosses("sleep"), hostOf("tcpSocket")];

export const probeRules = [
  crosses("exec"),
  crosses("failureThreshold"),
  crosses("grpc"),
  hostOf("httpGet"),
  crosses("initialDelaySeconds"),
  crosses("periodSeconds"),
  crosses("successThreshold"),
  hostOf("tcpSocket"),
  crosses("terminationGracePeriodSeconds"),
  crosses("timeoutSeconds"),
];
