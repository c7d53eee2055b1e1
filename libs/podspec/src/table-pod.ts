import { crosses, dropped, forced, refused, refusedWhen } from "./rule.ts";
import {
  isTrue,
  isUnsafeAppArmor,
  isUnsafeSeccomp,
  isUnsafeSeLinux,
  hasHostProcess,
  hasUnsafeSysctl,
} from "./unsafe.ts";

const SCHEDULED =
  "the consumer's scheduler has placed the pod; the provider's places it anew by its own rules";

/** What came from a peer is not passed on, whatever tolerations somebody adds to it later. */
const NEVER_VIRTUAL = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [
        { matchExpressions: [{ key: "tideway.dev/virtual-node", operator: "DoesNotExist" }] },
      ],
    },
  },
};

export const podRules = [
  crosses("activeDeadlineSeconds", { mutable: true }),
  forced("affinity", NEVER_VIRTUAL, `${SCHEDULED}, and never on a node that stands for a third cluster`, {
    dropped: true,
  }),
  forced("automountServiceAccountToken", false, "no token of the provider ever reaches a foreign pod"),
  crosses("containers", { inner: "container" }),
  crosses("dnsConfig"),
  crosses("dnsPolicy"),
  forced("enableServiceLinks", false, "services of the provider are not shown to foreign pods"),
  dropped(
    "ephemeralContainers",
    "debug containers are added to running pods only, and are not forwarded yet",
  ),
  crosses("hostAliases"),
  refusedWhen("hostIPC", "true", isTrue, "the provider does not share its host IPC namespace"),
  refusedWhen("hostNetwork", "true", isTrue, "the provider does not share its host network"),
  refusedWhen("hostPID", "true", isTrue, "the provider does not share its host process namespace"),
  crosses("hostUsers"),
  crosses("hostname"),
  crosses("hostnameOverride"),
  crosses("imagePullSecrets", { note: "the Secrets are reflected" }),
  crosses("initContainers", { inner: "container" }),
  refused("nodeName", "the provider's scheduler chooses the node", { dropped: true }),
  dropped("nodeSelector", SCHEDULED),
  crosses("os"),
  dropped("overhead", "set by the provider's own RuntimeClass admission"),
  dropped("preemptionPolicy", "priorities of the consumer mean nothing on the provider"),
  dropped("priority", "priorities of the consumer mean nothing on the provider"),
  dropped("priorityClassName", "priorities of the consumer mean nothing on the provider"),
  dropped("readinessGates", "their conditions are set on the consumer's pod, whose readiness waits for them"),
  refused("resourceClaims", "devices are claimed from the consumer's nodes and cannot cross"),
  crosses("resources", { inner: "resources" }),
  crosses("restartPolicy"),
  refused("runtimeClassName", "runtime classes are the provider's own"),
  dropped("schedulerName", SCHEDULED),
  dropped("schedulingGates", SCHEDULED),
  crosses("securityContext", { inner: "podSecurity" }),
  refused("serviceAccount", "service accounts of the provider are not given to foreign pods", {
    dropped: true,
  }),
  refused("serviceAccountName", "service accounts of the provider are not given to foreign pods", {
    dropped: true,
  }),
  crosses("setHostnameAsFQDN"),
  crosses("shareProcessNamespace"),
  crosses("subdomain"),
  crosses("terminationGracePeriodSeconds"),
  dropped("tolerations", SCHEDULED),
  dropped("topologySpreadConstraints", SCHEDULED),
  crosses("volumes", { inner: "volume" }),
];

export const podSecurityRules = [
  refusedWhen(
    "appArmorProfile",
    "not `RuntimeDefault`",
    isUnsafeAppArmor,
    "only the AppArmor profile RuntimeDefault is allowed",
  ),
  crosses("fsGroup"),
  crosses("fsGroupChangePolicy"),
  crosses("runAsGroup"),
  crosses("runAsNonRoot"),
  crosses("runAsUser"),
  crosses("seLinuxChangePolicy"),
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
    { note: "where it is not said the provider sets `RuntimeDefault`" },
  ),
  crosses("supplementalGroups"),
  crosses("supplementalGroupsPolicy"),
  refusedWhen(
    "sysctls",
    "one outside the safe set",
    hasUnsafeSysctl,
    "only sysctls of the safe set are allowed",
  ),
  refusedWhen("windowsOptions", "`hostProcess: true`", hasHostProcess, "host processes are not allowed"),
];
