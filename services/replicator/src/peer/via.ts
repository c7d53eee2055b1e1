import type { Kube } from "@tideway/k8s";

/** A client that asks at every call which client to use: credentials change under the hands of those who hold it. */
export const kubeVia = (now: () => Kube): Kube => ({
  held: { bytes: 0 },
  get credentials() {
    return now().credentials;
  },
  get bounds() {
    return now().bounds;
  },
  get: (r, name, namespace, o) => now().get(r, name, namespace, o),
  find: (r, name, namespace, o) => now().find(r, name, namespace, o),
  list: (r, o) => now().list(r, o),
  create: (r, obj, o) => now().create(r, obj, o),
  replace: (r, obj, o) => now().replace(r, obj, o),
  apply: (r, obj, o) => now().apply(r, obj, o),
  patch: (r, name, namespace, patch, o) => now().patch(r, name, namespace, patch, o),
  delete: (r, name, namespace, o) => now().delete(r, name, namespace, o),
  createSub: (r, name, namespace, subresource, body, o) =>
    now().createSub(r, name, namespace, subresource, body, o),
  request: (o) => now().request(o),
  close: () => now().close(),
});
