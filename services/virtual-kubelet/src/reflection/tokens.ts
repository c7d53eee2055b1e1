import { ORIGIN, ORIGIN_UID } from "@tideway/api";
import { isForbidden, isInvalid, isNotFound } from "@tideway/errors";
import { type Kube, type Pod, secrets, serviceAccounts } from "@tideway/k8s";
import { NAMESPACE_KEY, tokenSecretName, type TokenProjection } from "@tideway/podspec";
import type { Session } from "../peers/session.ts";
import type { Twin } from "../peers/twin.ts";
import type { Clock } from "../ports.ts";
import { FIELD_MANAGER, REFLECTED, RENEW_AT } from "./names.ts";

export interface TokensDeps {
  session: Session;
  /** The local API server, which issues the tokens. */
  kube: Kube;
  clusterID: string;
  clock: Clock;
}

/** Annotation of a token Secret: the pod it was made for. */
export const FOR_POD = "offloading.tideway.dev/pod";
/** As the kubelet: a token is renewed when this part of its life is over. */
const RENEW_AFTER = 0.8;
const REFUSED_RETRY_MS = 30_000;

interface TokenAnswer {
  status?: { token?: string; expirationTimestamp?: string };
}

/** The end of the first part of the shortest life. */
export const renewalTime = (now: number, expirations: readonly number[]): number =>
  now + RENEW_AFTER * Math.max(0, Math.min(...expirations) - now);

/** Requests a pod's tokens of the consumer, bound to the consumer's pod, and keeps them in one Secret at the provider. */
export const createTokens = (d: TokensDeps) => {
  const request = async (
    pod: Readonly<Pod>,
    t: TokenProjection,
  ): Promise<{ token: string; expiresAt: number }> => {
    const { name, namespace, uid } = pod.metadata;
    const body = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: {
        audiences: t.audience ? [t.audience] : [],
        expirationSeconds: t.expirationSeconds,
        boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
      },
    };
    const account = pod.spec?.serviceAccountName || "default";
    const answer = await d.kube.createSub<TokenAnswer>(serviceAccounts, account, namespace, "token", body, {
      signal: d.session.signal,
    });
    const expiresAt = Date.parse(answer.status?.expirationTimestamp ?? "");
    return {
      token: answer.status?.token ?? "",
      expiresAt: Number.isNaN(expiresAt) ? d.clock.now() + t.expirationSeconds * 1000 : expiresAt,
    };
  };

  const write = async (
    twin: Twin,
    pod: Readonly<Pod>,
    tokens: readonly TokenProjection[],
  ): Promise<number> => {
    const issued = await Promise.all(tokens.map((t) => request(pod, t)));
    const renewAt = renewalTime(
      d.clock.now(),
      issued.map((i) => i.expiresAt),
    );
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    const data = {
      [NAMESPACE_KEY]: base64(pod.metadata.namespace ?? ""),
      ...Object.fromEntries(tokens.map((t, i) => [t.key, base64(issued[i]?.token ?? "")])),
    };
    await d.session.kube.apply(
      secrets,
      {
        metadata: {
          name: tokenSecretName(pod.metadata.name),
          namespace: twin.name,
          labels: { [ORIGIN]: d.clusterID, [REFLECTED]: "token" },
          annotations: {
            [ORIGIN_UID]: pod.metadata.uid ?? "",
            [FOR_POD]: pod.metadata.name,
            [RENEW_AT]: new Date(renewAt).toISOString(),
          },
        },
        data,
      },
      { fieldManager: FIELD_MANAGER, signal: d.session.signal },
    );
    return renewAt;
  };

  /** Keys are those of local pods. */
  const sync = async (
    namespace: string,
    name: string,
    tokens: readonly TokenProjection[],
  ): Promise<{ requeueAfterMs?: number }> => {
    const twin = d.session.twin(namespace);
    if (!twin?.secrets.hasSynced || !d.session.localPods.hasSynced)
      return twin ? { requeueAfterMs: 100 } : {};
    const pod = d.session.localPods.get(`${namespace}/${name}`);
    const copy = twin.secrets.get(`${twin.name}/${tokenSecretName(name)}`);
    const isOurs = copy?.metadata.labels?.[REFLECTED] === "token";
    if (!pod || tokens.length === 0) {
      if (copy?.metadata.uid && isOurs && !pod)
        await d.session.kube.delete(secrets, copy.metadata.name, twin.name, {
          uid: copy.metadata.uid,
          signal: d.session.signal,
        });
      return {};
    }
    if (pod.metadata.deletionTimestamp !== undefined) return {};
    const { annotations } = copy?.metadata ?? {};
    const renewAt =
      annotations?.[ORIGIN_UID] === pod.metadata.uid ? Date.parse(annotations?.[RENEW_AT] ?? "") : Number.NaN;
    const left = renewAt - d.clock.now();
    if (left > 0) return { requeueAfterMs: left };
    try {
      return { requeueAfterMs: Math.max(1_000, (await write(twin, pod, tokens)) - d.clock.now()) };
    } catch (err) {
      if (isNotFound(err)) return {}; // pod, account or twin is going
      if (isForbidden(err) || isInvalid(err)) return { requeueAfterMs: REFUSED_RETRY_MS };
      throw err;
    }
  };
  return { sync };
};
