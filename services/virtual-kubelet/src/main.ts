import { run } from "@tideway/runtime";
import { wire } from "./wire.ts";

await run("virtual-kubelet", wire);
