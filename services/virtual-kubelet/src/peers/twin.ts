import {
  type ShadowClaim,
  shadowClaims,
  type ShadowEndpointSlice,
  shadowEndpointSlices,
  type ShadowPod,
  shadowPods,
} from "@tideway/api";
import {
  type ConfigMap,
  configMaps,
  type CoreEvent,
  events,
  type Informer,
  informer,
  type Ingress,
  ingresses,
  type Kube,
  type KubeObject,
  type Pod,
  pods,
  type Secret,
  secrets,
  type Service,
  services,
} from "@tideway/k8s";
import { slimRemote, slimShadow } from "../pods/slim.ts";
import { REFLECTED } from "../reflection/names.ts";
import type { NetworkKind } from "../reflection/network/kinds.ts";
import { slimEvent } from "../reflection/slim-event.ts";

/** The provider's side of one offloaded namespace. */
export interface Twin {
  readonly source: string;
  readonly name: string;
  readonly shadows: Informer<ShadowPod>;
  readonly pods: Informer<Pod>;
  readonly claims: Informer<ShadowClaim>;
  /** Metadata only: which copies exist, and of which version. */
  readonly configMaps: Informer<ConfigMap>;
  readonly secrets: Informer<Secret>;
  /** Metadata only, and the status of Ingresses; by the plural of what they were made from. */
  readonly network: {
    services: Informer<Service>;
    endpointslices: Informer<ShadowEndpointSlice>;
    ingresses: Informer<Ingress>;
  };
  readonly events: Informer<CoreEvent>;
  /** ShadowPods and pods have synced: what is not there does not exist. */
  readonly known: boolean;
  stop(): void;
}

/** A short break of the line must not show: watches are back within half a second of the provider's return. */
export const BACKOFF_MS = { first: 20, max: 500 };

export interface TwinHandlers {
  /** A ShadowPod or pod of this name changed, or all may have (undefined). */
  onPod(source: string, name: string | undefined): void;
  onCopy(source: string, kind: "configmaps" | "secrets", name: string): void;
  /** A copy of the kind changed, or all of the twin may be looked at for the first time (undefined). */
  onNetworkCopy(source: string, kind: NetworkKind, name: string | undefined): void;
  /** This ShadowClaim changed or went, or all may be looked at for the first time (undefined). */
  onClaim(source: string, shadow: Readonly<ShadowClaim> | undefined): void;
  onEvent(source: string, event: Readonly<CoreEvent>): void;
  onError(err: unknown): void;
}

export const watchTwin = (kube: Kube, source: string, name: string, on: TwinHandlers): Twin => {
  const stop = new AbortController();
  const base = { namespace: name, backoffMs: BACKOFF_MS };
  const copies = { ...base, labelSelector: REFLECTED, metadataOnly: true };
  const twin = {
    source,
    name,
    shadows: informer(kube, shadowPods, { ...base, transform: slimShadow }),
    pods: informer(kube, pods, { ...base, transform: slimRemote }),
    // a peer of an earlier release knows no such kind: not asked twice a second
    claims: informer(kube, shadowClaims, { ...base, backoffMs: { ...BACKOFF_MS, max: 15_000 } }),
    configMaps: informer(kube, configMaps, copies),
    secrets: informer(kube, secrets, copies),
    network: {
      services: informer(kube, services, copies),
      endpointslices: informer(kube, shadowEndpointSlices, copies),
      ingresses: informer(kube, ingresses, {
        ...base,
        labelSelector: REFLECTED,
        transform: ({ metadata, status }) => ({ metadata, ...(status ? { status } : {}) }),
      }),
    },
    events: informer(kube, events, {
      ...base,
      fieldSelector: "involvedObject.kind=Pod",
      transform: slimEvent,
    }),
    get known() {
      return twin.shadows.hasSynced && twin.pods.hasSynced;
    },
    stop: () => stop.abort(),
  };
  const nameOf = (key: string): string => key.slice(key.indexOf("/") + 1);
  twin.shadows.onChange((key) => on.onPod(source, nameOf(key)));
  twin.pods.onChange((key) => on.onPod(source, nameOf(key)));
  twin.configMaps.onChange((key) => on.onCopy(source, "configmaps", nameOf(key)));
  twin.secrets.onChange((key) => on.onCopy(source, "secrets", nameOf(key)));
  twin.claims.onChange((_key, shadow, before) => on.onClaim(source, shadow ?? before));
  void twin.claims.synced.then(() => on.onClaim(source, undefined));
  twin.events.onChange((_key, event) => event && on.onEvent(source, event));
  const network = Object.entries(twin.network) as [NetworkKind, Informer<KubeObject>][];
  for (const [kind, copies] of network) {
    copies.onChange((key) => on.onNetworkCopy(source, kind, nameOf(key)));
    void copies.synced.then(() => on.onNetworkCopy(source, kind, undefined));
  }
  const all = [
    ...[twin.shadows, twin.pods, twin.claims, twin.configMaps, twin.secrets, twin.events],
    ...network.map(([, copies]) => copies),
  ];
  for (const i of all) {
    i.onError((err) => on.onError(err));
    i.start(stop.signal);
  }
  void Promise.all([twin.shadows.synced, twin.pods.synced]).then(() => on.onPod(source, undefined));
  return twin;
};
