import { randomBytes } from "node:crypto";
import { NETWORK_NAMESPACE } from "@tideway/api";
import { type Kube, pods } from "@tideway/k8s";
import { type Cli, type Deadline, startDeadline } from "../cli.ts";
import { CliError } from "../exit.ts";
import { strike, type Stage } from "./matrix/stage.ts";
import { type Built, build } from "./matrix/world.ts";
import { openPeer, type PeerOptions } from "./peer-access.ts";
import { findTunnel, type Tunnel } from "./tunnel.ts";

export interface SessionOptions extends PeerOptions {
  image?: string;
  keep?: boolean;
}

export interface Session extends Built {
  kube: Kube;
  tunnel: Tunnel;
  image: string;
  deadline: Deadline;
}

const BODY_BYTES = 64 << 10;
/** 64 KiB less the headers: the largest payload that an IPv4 packet takes. */
const PING_BYTES = 65_507;

/** Pods in both clusters for as long as `use` takes; nothing of them is left afterwards, whatever happened. */
export const withPods = async <T>(
  cli: Cli,
  peer: string | undefined,
  o: SessionOptions,
  defaultTimeoutMs: number,
  use: (s: Session) => Promise<T>,
): Promise<T> => {
  const deadline = startDeadline(cli, defaultTimeoutMs);
  const { signal } = deadline;
  const note = (text: string): void => cli.io.err(`… ${text}`);
  const kube = await cli.kube();
  const stages: Stage[] = [];
  let doing = "the tunnel to be described";
  let close = async (): Promise<void> => undefined;
  try {
    const tunnel = await findTunnel(kube, peer, signal);
    const access = await openPeer(cli, kube, tunnel, o, signal);
    if (access) close = () => access.close();
    const image = o.image ?? (await gatewayImage(kube, signal));
    const run = `network-test-${randomBytes(3).toString("hex")}`;
    doing = "the test's pods to be ready";
    const sizes = { bodyBytes: BODY_BYTES, pingBytes: PING_BYTES };
    const built = await build({ home: kube, tunnel, access, image, run, stages, ...sizes, signal, note });
    doing = "the test to end";
    return await use({ ...built, kube, tunnel, image, deadline });
  } catch (err) {
    throw deadline.explain(err, doing, "see how the tunnel is: tideway network status");
  } finally {
    if (o.keep) cli.io.err(`kept: ${stages.map((s) => s.namespace).join(", ")}`);
    else await strike(stages, cli.globals.wait, note);
    await close();
  }
};

/** An image with Node that every cluster with Tideway can pull: the gateway's own. */
const gatewayImage = async (kube: Kube, signal: AbortSignal): Promise<string> => {
  const found = await kube.list(pods, {
    namespace: NETWORK_NAMESPACE,
    labelSelector: "app.kubernetes.io/name=gateway",
    signal,
  });
  const image = found[0]?.spec?.containers[0]?.image;
  if (image) return image;
  throw new CliError(`there is no gateway in ${NETWORK_NAMESPACE} to take the image of`, {
    next: "name one with Node in it: --image",
  });
};
