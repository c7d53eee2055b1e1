import { createServer, connect as dial, type AddressInfo, type Socket } from "node:net";
import { configMaps } from "@tideway/k8s";
import { eventually, type Side } from "./harness.ts";

const POLICY = "signing-stopped";
const PROBE = { metadata: { name: POLICY, namespace: "default" } };

const policy = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicy",
  metadata: { name: POLICY },
  spec: {
    matchConstraints: {
      resourceRules: [
        {
          apiGroups: ["certificates.k8s.io"],
          apiVersions: ["v1"],
          operations: ["UPDATE"],
          resources: ["certificatesigningrequests/status"],
        },
        // By which the test sees whether the API server has heard of the policy.
        {
          apiGroups: [""],
          apiVersions: ["v1"],
          operations: ["CREATE"],
          resources: ["configmaps"],
          resourceNames: [POLICY],
        },
      ],
    },
    validations: [{ expression: "false", message: "signing is stopped" }],
  },
};
const binding = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicyBinding",
  metadata: { name: POLICY },
  spec: { policyName: POLICY, validationActions: ["Deny"] },
};
const path = (plural: string): string => `/apis/admissionregistration.k8s.io/v1/${plural}`;
const PLURALS = ["validatingadmissionpolicies", "validatingadmissionpolicybindings"] as const;

const isSigning = async (side: Side): Promise<boolean> => {
  try {
    await side.kube.create(configMaps, PROBE);
  } catch {
    return false;
  }
  await side.kube.delete(configMaps, POLICY, "default");
  return true;
};

/** The cluster takes certificate requests and signs none, as after a crash, until its controllers are back. */
export const stopSigning = async (side: Side): Promise<void> => {
  for (const [i, body] of [policy, binding].entries()) {
    const answer = await side.kube.request({
      method: "POST",
      path: path(PLURALS[i] as string),
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    });
    if (answer.status !== 201) throw new Error(await answer.body.text());
    answer.body.resume();
  }
  await eventually("signing to stop", async () => !(await isSigning(side)));
};

export const resumeSigning = async (side: Side): Promise<void> => {
  for (const plural of PLURALS) {
    const answer = await side.kube.request({ method: "DELETE", path: `${path(plural)}/${POLICY}` });
    answer.body.resume();
  }
  await eventually("signing to go on", () => isSigning(side));
};

/** The line to a port: what the server says on it can be lost. */
export interface Line {
  endpoint: string;
  /** From now on what the server says does not arrive. */
  mute(): void;
  /** Closes every connection; new ones work. */
  cut(): void;
  close(): void;
}

export const startLine = async (port: number): Promise<Line> => {
  const open = new Set<Socket>();
  let muted = false;
  const server = createServer((client) => {
    const far = dial(port, "127.0.0.1");
    for (const [from, to] of [
      [client, far],
      [far, client],
    ] as const) {
      open.add(from);
      from.on("data", (bytes) => (from === far && muted) || to.write(bytes));
      from.on("error", () => from.destroy());
      from.on("close", () => {
        open.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const cut = (): void => {
    muted = false;
    for (const socket of [...open]) socket.destroy();
  };
  return {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    mute: () => {
      muted = true;
    },
    close: () => {
      cut();
      server.close();
    },
  };
};
