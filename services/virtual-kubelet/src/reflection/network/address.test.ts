import { ForbiddenError, UnavailableError } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import { expect, it } from "vitest";
import { withdrawAddresses } from "./address.ts";

const answers = (err: Error): Kube => ({ list: () => Promise.reject(err) }) as unknown as Kube;
const { signal } = new AbortController();

it("has nothing to take back in a namespace whose rights are gone: it is being deleted", async () => {
  await expect(
    withdrawAddresses(answers(new ForbiddenError("no")), "n", { signal }),
  ).resolves.toBeUndefined();
});
it("does not take an API server that is away for that", async () => {
  await expect(withdrawAddresses(answers(new UnavailableError("away")), "n", { signal })).rejects.toThrow(
    "away",
  );
});
