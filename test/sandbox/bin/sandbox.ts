#!/usr/bin/env node
import { main } from "../src/cli.ts";

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (err) {
  for (let e: unknown = err; e instanceof Error; e = e.cause) process.stderr.write(`${e.message}\n`);
  process.exitCode = 1;
}
