import type { Webhook } from "./metrics.ts";
import type { AdmissionRequest, Verdict } from "./review/review.ts";

/** What the bus knows of a namespace's offloading. */
export interface NamespaceFact {
  state: string;
  strategy: string;
  clusterSelectorJson: string;
}

export interface NamespaceFacts {
  get(namespace: string): NamespaceFact | undefined;
  onChange(handler: (namespace: string) => void): () => void;
}

export interface MoveFacts {
  /** The claim's data is on its last way: its pods have to wait. */
  isHeld(namespace: string, claim: string): boolean;
}

export interface Origins {
  /** Cluster ID of the peer whose twin the namespace is, `undefined` for any other namespace. */
  of(namespace: string): Promise<string | undefined>;
}

/** One webhook: a request in, a verdict out. Throwing counts as a failure of the webhook, never as consent. */
export type Handler = (request: AdmissionRequest<never>) => Promise<Verdict> | Verdict;

/** Webhooks by path. */
export type Routes = Readonly<Record<string, { webhook: Webhook; handler: Handler }>>;

export interface ServingCertificate {
  cert: string;
  key: string;
}

export interface Clock {
  now(): number;
}
