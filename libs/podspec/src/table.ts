import {
  containerRules,
  containerSecurityRules,
  hookRules,
  lifecycleRules,
  portRules,
  probeRules,
  resourceRules,
} from "./table-container.ts";
import { podRules, podSecurityRules } from "./table-pod.ts";
import { projectedRules, projectionRules, volumeRules } from "./table-volume.ts";
import type { Rule, Section, SectionName } from "./rule.ts";

/** The one table: every field of PodSpec and Container of Kubernetes 1.34. What is not in it is refused. */
export const TABLE: readonly Section[] = [
  { name: "pod", title: "Pod", rules: podRules },
  { name: "podSecurity", title: "Pod `securityContext`", rules: podSecurityRules },
  { name: "container", title: "Containers and init containers", rules: containerRules },
  { name: "containerSecurity", title: "Container `securityContext`", rules: containerSecurityRules },
  { name: "resources", title: "Container `resources`", rules: resourceRules },
  { name: "port", title: "Container `ports`", rules: portRules },
  { name: "lifecycle", title: "Container `lifecycle`", rules: lifecycleRules },
  { name: "hook", title: "Lifecycle hooks", rules: hookRules },
  { name: "probe", title: "Probes", rules: probeRules },
  { name: "volume", title: "Volumes", rules: volumeRules },
  { name: "projected", title: "Volume `projected`", rules: projectedRules },
  { name: "projection", title: "Sources of projected volumes", rules: projectionRules },
];

const byField = (section: Section): [SectionName, ReadonlyMap<string, Rule>] => [
  section.name,
  new Map(section.rules.map((r) => [r.field, r])),
];
const index: ReadonlyMap<SectionName, ReadonlyMap<string, Rule>> = new Map(TABLE.map(byField));

export const rulesOf = (section: SectionName): ReadonlyMap<string, Rule> =>
  index.get(section) ?? new Map<string, Rule>();
