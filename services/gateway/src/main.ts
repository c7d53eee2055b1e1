import { run } from "@tideway/runtime";
import { readConfig } from "./config.ts";
import { wire } from "./wire.ts";

await run("gateway", (ctx) => wire(ctx, readConfig(ctx.env)));
