import { run } from "@tideway/runtime";
import { readConfig } from "./config.ts";
import { wire } from "./wire.ts";

await run("mdns-agent", (ctx) => wire(ctx, readConfig(ctx.env)));
