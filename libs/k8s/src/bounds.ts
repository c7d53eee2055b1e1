/** What is read of one API server, whatever it sends: one that is another's may mean harm. */
export interface Bounds {
  /** Bytes of one answer. */
  bytes: number;
  /** Bytes of one event of a watch. */
  eventBytes: number;
  /** Bytes of all objects that the informers of one client keep, as they came. */
  heldBytes: number;
  /** From the headers of an answer to its end, ms; not of streams. */
  bodyMs: number;
  /** Objects that one informer keeps. */
  objects: number;
  /** Objects a page of a list. */
  page: number;
  /** Pages of a list. */
  pages: number;
}

const MB = 2 ** 20;

/** Our own API server: we trust it with more than memory. */
export const OWN_BOUNDS: Bounds = {
  bytes: Infinity,
  eventBytes: Infinity,
  heldBytes: Infinity,
  bodyMs: Infinity,
  objects: Infinity,
  page: 1_000,
  pages: Infinity,
};

/** A peer's. An object of Kubernetes is at most 1.5 MiB, and the pages are so small that a whole one fits. */
export const PEER_BOUNDS: Bounds = {
  bytes: 16 * MB,
  eventBytes: 4 * MB,
  heldBytes: 64 * MB,
  bodyMs: 60_000,
  objects: 20_000,
  page: 250,
  pages: 500,
};
