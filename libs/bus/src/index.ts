export { connectBus } from "./bus.ts";
export { decodeToken, encodeToken, parseSubject, subjectOf } from "./subject.ts";
export type {
  Bus,
  BusEvent,
  BusOptions,
  EventsOptions,
  Fact,
  FactInput,
  FactName,
  FactOf,
  FactView,
  SubjectOf,
} from "./types.ts";
