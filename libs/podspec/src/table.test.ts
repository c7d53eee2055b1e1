import { describe, expect, it } from "vitest";
import { anything, SAMPLES, specWith } from "./rows.fixture.ts";
import { allowed, refusals } from "./refusals.ts";
import type { Rule, SectionName } from "./rule.ts";
import { TABLE } from "./table.ts";
import { toShadowPodSpec } from "./to-shadow.ts";

const V1_POD_SPEC =
  `activeDeadlineSeconds affinity automountServiceAccountToken containers dnsConfig dnsPolicy
  enableServiceLinks ephemeralContainers hostAliases hostIPC hostNetwork hostPID hostUsers hostname hostnameOverride
  imagePullSecrets initContainers nodeName nodeSelector os overhead preemptionPolicy priority priorityClassName
  readinessGates resourceClaims resources restartPolicy runtimeClassName schedulerName schedulingGates securityContext
  serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain terminationGracePeriodSeconds
  tolerations topologySpreadConstraints volumes`.split(/\s+/);
const V1_CONTAINER =
  `args command env envFrom image imagePullPolicy lifecycle livenessProbe name ports readinessProbe
  resizePolicy resources restartPolicy restartPolicyRules securityContext startupProbe stdin stdinOnce
  terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir`.split(/\s+/);

const fieldsOf = (name: SectionName): string[] =>
  (TABLE.find((s) => s.name === name)?.rules ?? []).map((r) => r.field);

describe("the table", () => {
  it("has every field of PodSpec and Container of Kubernetes 1.34, each once", () => {
    expect(fieldsOf("pod").toSorted()).toEqual(V1_POD_SPEC.toSorted());
    expect(fieldsOf("container").toSorted()).toEqual(V1_CONTAINER.toSorted());
    for (const s of TABLE) expect(new Set(fieldsOf(s.name)).size).toBe(s.rules.length);
  });

  it("refuses what it does not know, at any depth", () => {
    expect(refusals({ new: 1, containers: [{ name: "a", newer: 1 }] })).toEqual([
      { field: "new", message: "is not known to this provider" },
      { field: "containers[0].newer", message: "is not known to this provider" },
    ]);
  });

  it("refuses what is not of the defined form", () => {
    for (const spec of [null, "x", 1, []]) expect(refusals({ containers: [spec] }).length).toBe(1);
    expect(refusals(undefined).length).toBe(1);
  });
});

const last = (path: string): string => path.slice(path.lastIndexOf(".") + 1);
const refusesField = (section: SectionName, rule: Rule, value: unknown): boolean =>
  refusals(specWith(section, { [rule.field]: value })).some(
    (r) => last(r.field) === rule.field && r.message === rule.message,
  );

for (const { name, rules } of TABLE)
  describe(`${name}`, () => {
    it.each(rules.map((r) => [r.field, r.verdict, r] as const))("%s: %s", (field, verdict, rule) => {
      const sample = SAMPLES[name]?.[field] ?? {};
      const good = sample.good ?? anything;
      if (verdict === "crosses") {
        expect(refusals(specWith(name, { [field]: good }))).toEqual([]);
        expect(allowed(name, { [field]: good })).toMatchObject({ [field]: good });
      }
      if (verdict === "forced") {
        expect(refusals(specWith(name, { [field]: anything }))).toEqual([]);
        expect((allowed(name, { [field]: anything }) as Record<string, unknown>)[field]).toEqual(rule.value);
      }
      if (verdict === "refused") {
        expect(refusesField(name, rule, sample.bad ?? anything)).toBe(true);
        expect(allowed(name, { [field]: sample.bad ?? anything })).not.toHaveProperty(field);
        if (rule.when) {
          expect(sample).toHaveProperty("good");
          expect(refusals(specWith(name, { [field]: sample.good }))).toEqual([]);
          expect(allowed(name, { [field]: sample.good })).toMatchObject({ [field]: sample.good });
        }
      }
      if (name === "pod") {
        const spec = { containers: [], [field]: field === "containers" ? [] : good === anything ? [] : good };
        const crossed = toShadowPodSpec({ metadata: { name: "p" }, spec: spec }).pod;
        if (rule.dropped) expect(crossed).not.toHaveProperty(field);
        else if (field !== "volumes") expect(crossed).toHaveProperty(field);
      }
    });
  });
