export type { ApiServerAccess } from "./api-server.ts";
export * from "./docs.ts";
export * from "./policy.ts";
export * from "./references.ts";
export { refusals, type Refusal } from "./refusals.ts";
export type { Rule, Section, SectionName } from "./rule.ts";
export { rulesOf, TABLE } from "./table.ts";
export * from "./to-pod.ts";
export * from "./to-shadow.ts";
