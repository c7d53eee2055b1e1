import { commonConfig, loadConfig } from "@tideway/config";
import { Type, type Static } from "@sinclair/typebox";

const schema = Type.Object({
  ...commonConfig,
  /** Port of the kubelet API, for all virtual nodes of this replica. Default 10250. */
  kubeletPort: Type.Integer({ minimum: 1, maximum: 65_535, default: 10_250 }),
  /** Pods of one virtual node worked on at the same time, 1 to 256. Each is one request at a time. Default 32. */
  podWorkers: Type.Integer({ minimum: 1, maximum: 256, default: 32 }),
  /** host:port of network-manager's address management. */
  ipamEndpoint: Type.String({ default: "ipam.tideway-system.svc:443" }),
  /** Pod Security level of namespaces made for peers. Default baseline. */
  podSecurity: Type.Union(
    [Type.Literal("privileged"), Type.Literal("baseline"), Type.Literal("restricted")],
    {
      default: "baseline",
      env: "POD_SECURITY",
    },
  ),
});

export type VirtualKubeletConfig = Static<typeof schema>;

export const loadVirtualKubeletConfig = (env: Record<string, string | undefined>): VirtualKubeletConfig =>
  loadConfig(schema, env);
