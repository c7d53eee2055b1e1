// gRPC packages stand apart, so that who needs only facts does not load them: `@tideway/protos/auth`.
export { decodeFact, encodeFact, isFactName, stateOf } from "./json.ts";
export type { FactInput, FactName, FactOf } from "./json.ts";
export type * from "./gen/events_v1.ts";
