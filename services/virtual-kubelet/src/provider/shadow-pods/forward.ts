import type { ShadowPod } from "@tideway/api";
import type { Pod } from "@tideway/k8s";
import { FORWARDED_ANNOTATIONS, FORWARDED_LABELS } from "../labels.ts";

type Changes = Record<string, string | null>;

/** What the API lets one change in a living pod, and Tideway forwards: images, a deadline, labels, annotations. */
export interface PodPatch {
  metadata?: { labels?: Changes; annotations?: Changes };
  spec?: {
    activeDeadlineSeconds?: number;
    containers?: { name: string; image: string }[];
    initContainers?: { name: string; image: string }[];
  };
}

type Containers = readonly { name: string; image?: string }[] | undefined;

const newImages = (wanted: Containers, actual: Containers): { name: string; image: string }[] => {
  const now = new Map((actual ?? []).map((c) => [c.name, c.image]));
  return (wanted ?? []).flatMap(({ name, image }) =>
    image !== undefined && now.has(name) && now.get(name) !== image ? [{ name, image }] : [],
  );
};

type Map = Readonly<Record<string, string>> | undefined;

/** Keys that came before and are no longer wanted go; those that the owner of this cluster added stay. */
const changes = (want: Map, have: Map, cameBefore: string | undefined): Changes => {
  const out: Changes = {};
  for (const [key, value] of Object.entries(want ?? {})) if (have?.[key] !== value) out[key] = value;
  for (const key of cameBefore?.split(",") ?? [])
    if (key && want?.[key] === undefined && have?.[key] !== undefined) out[key] = null;
  return out;
};

const metadataPatch = (wanted: Readonly<Pod>, actual: Readonly<Pod>): NonNullable<PodPatch["metadata"]> => {
  const { labels: haveLabels, annotations: have } = actual.metadata;
  const labels = changes(wanted.metadata.labels, haveLabels, have?.[FORWARDED_LABELS]);
  const annotations = changes(wanted.metadata.annotations, have, have?.[FORWARDED_ANNOTATIONS]);
  return {
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  };
};

/** The smallest strategic merge patch that brings the pod up to its ShadowPod; undefined when it is. */
export const forward = (
  shadow: Readonly<ShadowPod>,
  wanted: Readonly<Pod>,
  actual: Readonly<Pod>,
): PodPatch | undefined => {
  const containers = newImages(shadow.spec.pod.containers, actual.spec?.containers);
  const initContainers = newImages(shadow.spec.pod.initContainers, actual.spec?.initContainers);
  const deadline = shadow.spec.pod.activeDeadlineSeconds;
  const late = deadline !== undefined && deadline !== actual.spec?.activeDeadlineSeconds;
  const spec = {
    ...(containers.length > 0 ? { containers } : {}),
    ...(initContainers.length > 0 ? { initContainers } : {}),
    ...(late ? { activeDeadlineSeconds: deadline } : {}),
  };
  const metadata = metadataPatch(wanted, actual);
  if (Object.keys(metadata).length + Object.keys(spec).length === 0) return undefined;
  return {
    ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
    ...(Object.keys(spec).length > 0 ? { spec } : {}),
  };
};
