import type { FactInput as AnyFact } from "@tideway/bus";
import type { ConditionInput as AnyCondition } from "@tideway/api/conditions";

export type FactInput = AnyFact<"replication">;
export type ConditionInput = Omit<AnyCondition, "type">;
