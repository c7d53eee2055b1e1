import { InvalidError } from "@tideway/errors";
import { type Kube, secrets } from "@tideway/k8s";

const KEY_BYTES = 32;

/** The private key of a generation, in base64 as WireGuard's tools take it. */
export const createKeys =
  (kube: Pick<Kube, "get">, namespace: string) =>
  async (secretName: string, generation: number, signal: AbortSignal): Promise<string> => {
    const secret = await kube.get(secrets, secretName, namespace, { signal });
    const data = secret.data?.[String(generation)];
    if (data === undefined)
      throw new InvalidError(`Secret ${namespace}/${secretName} has no key of generation ${generation}`);
    const value = Buffer.from(data, "base64");
    const key = value.length === KEY_BYTES ? value : Buffer.from(value.toString("utf8").trim(), "base64");
    if (key.length !== KEY_BYTES)
      throw new InvalidError(
        `key ${generation} of Secret ${namespace}/${secretName} is not 32 bytes in base64`,
      );
    return key.toString("base64");
  };
export type Keys = ReturnType<typeof createKeys>;
