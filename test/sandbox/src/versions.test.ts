import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkout } from "./layout.ts";
import { versions } from "./versions.ts";

test("the image that ships has the wireguard-go that everything is tested with", () => {
  const containerfile = readFileSync(`${checkout}/deploy/network-base.Containerfile`, "utf8");
  expect(/^ARG WIREGUARD_GO=(.*)$/m.exec(containerfile)?.[1]).toBe(versions.wireguardGo);
});
