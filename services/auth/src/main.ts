import { run } from "@tideway/runtime";
import { readConfig } from "./config.ts";
import { wire } from "./wire.ts";

await run("auth", async (ctx) => {
  await wire(ctx, readConfig(ctx.env));
});
