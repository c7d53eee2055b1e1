export { loadConfig, variableOf } from "./load.ts";
export { commonConfig, readOptionalFile } from "./common.ts";
export type { CommonConfig } from "./common.ts";
