import { type ShadowPod, shadowPods } from "@tideway/api";
import {
  type ConfigMap,
  configMaps,
  type CoreEvent,
  events,
  type Informer,
  informer,
  type Kube,
  type Pod,
  pods,
  type Secret,
  secrets,
} from "@tideway/k8s";
import { slimRemote, slimShadow } from "../pods/slim.ts";
import { REFLECTED } from "../reflection/names.ts";
import { slimEvent } from "../reflection/slim-event.ts";

/** The provider's side of one offloaded namespace. */
export interface Twin {
  readonly source: string;
  readonly name: string;
  readonly shadows: Informer<ShadowPod>;
  readonly pods: Informer<Pod>;
  /** Metadata only: which copies exist, and of which version. */
  readonly configMaps: Informer<ConfigMap>;
  readonly secrets: Informer<Secret>;
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
    configMaps: informer(kube, configMaps, copies),
    secrets: informer(kube, secrets, copies),
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
  twin.events.onChange((_key, event) => event && on.onEvent(source, event));
  const all = [twin.shadows, twin.pods, twin.configMaps, twin.secrets, twin.events];
  for (const i of all) {
    i.onError((err) => on.onError(err));
    i.start(stop.signal);
  }
  void Promise.all([twin.shadows.synced, twin.pods.synced]).then(() => on.onPod(source, undefined));
  return twin;
};
