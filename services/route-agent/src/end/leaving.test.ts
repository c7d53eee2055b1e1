import { ForbiddenError, NotFoundError, UnavailableError } from "@tideway/errors";
import type { KubeObject } from "@tideway/k8s";
import { expect, test } from "vitest";
import { isUninstalled } from "./leaving.ts";

type Answer = "there" | "going" | Error;
const answering =
  (...answers: Answer[]) =>
  (): Promise<KubeObject> => {
    const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
    if (answer instanceof Error) return Promise.reject(answer);
    const metadata = {
      name: "x",
      ...(answer === "going" ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
    };
    return Promise.resolve({ metadata });
  };
const asked = (daemonSet: Answer[], namespace: Answer[]): Promise<boolean> =>
  isUninstalled({
    daemonSet: answering(...daemonSet),
    namespace: answering(...namespace),
    pause: () => Promise.resolve(),
  });
const forbidden = new ForbiddenError("no");
const notFound = new NotFoundError("none");

test.each<[string, Answer[], Answer[], boolean]>([
  ["an update or a restart leaves the node as it is", ["there"], ["there"], false],
  ["a deleted DaemonSet cleans", [notFound], ["there"], true],
  ["a DaemonSet that waits for its pods cleans", ["going"], ["there"], true],
  ["a namespace on its way out cleans", ["there"], ["going"], true],
  ["rights that are gone for good clean", [forbidden], ["there"], true],
  ["rights that an API server has not read yet do not", [forbidden, forbidden, "there"], ["there"], false],
])("%s", async (_, daemonSet, namespace, expected) => {
  expect(await asked(daemonSet, namespace)).toBe(expected);
});

test("an API server that does not answer is no reason to clean", async () => {
  await expect(asked([new UnavailableError("down")], ["there"])).rejects.toThrow("down");
});
