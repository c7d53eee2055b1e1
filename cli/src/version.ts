import manifest from "../package.json" with { type: "json" };

/** Version of this CLI. */
export const VERSION: string = manifest.version;
