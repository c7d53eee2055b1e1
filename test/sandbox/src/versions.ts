/** What the sandbox is made of. A change here changes the cache key, so the part is built anew. */
export const versions = {
  kubernetes: "v1.34.4",
  etcd: "v3.6.4",
  nats: "v2.12.15",
  coredns: "v1.12.4",
  kwok: "v0.7.0",
  localPath: "v0.0.30",
  flannel: "v0.28.4",
  contour: "v1.33.6",
  envoy: "1.38.3",
  wireguardGo: "v0.0.0-20260522210424-ecfc5a8d5446",
  node: "24.21.0",
  debian: "bookworm",
  pause: "3.10",
} as const;
