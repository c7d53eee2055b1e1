import { loadConfig } from "@tideway/config";
import { run } from "@tideway/runtime";
import { admissionSchema } from "./config.ts";
import { wire } from "./wire.ts";

await run("admission", (ctx) => wire(ctx, loadConfig(admissionSchema, ctx.env)));
