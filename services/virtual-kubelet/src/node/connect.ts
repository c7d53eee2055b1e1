import { IDENTITY_NAME } from "@tideway/api";
import { describeError } from "@tideway/errors";
import { type Credentials, secrets } from "@tideway/k8s";
import type { Connections } from "../peers/connections.ts";
import { credentialsOf } from "../peers/credentials.ts";
import { serve, type Served, type ServedDeps } from "../peers/served.ts";
import { whyLeave, type World } from "./decide.ts";

export interface ConnectDeps extends ServedDeps {
  connections: Connections;
  /** A connection was opened or closed: the NamespaceMap may have to follow. */
  onServed(clusterID: string): void;
}

/** Opens and closes the connections to providers, with the identity that auth keeps. */
export const makeConnector = (d: ConnectDeps) => {
  const { local, connections } = d;

  const readCredentials = async (w: World): Promise<Credentials> => {
    const namespace = w.identity?.localNamespace ?? "";
    const name = w.identity?.secretName || IDENTITY_NAME;
    return credentialsOf(await local.kube.get(secrets, name, namespace, { signal: local.signal }));
  };

  /** Opens the connection, or gives an open one the newest identity. */
  const connect = async (
    w: World,
    name: string,
    nodes: ReadonlyMap<string, string>,
  ): Promise<Served | undefined> => {
    const found = connections.get(w.clusterID);
    const serial = w.identity?.serial ?? "";
    if (w.identity?.state !== "GRANTED" || (found && found.serial === serial)) return found;
    const credentials = await readCredentials(w);
    if (found) {
      found.session.kube.renew(credentials);
      found.serial = serial;
      return found;
    }
    const served = serve(d, { clusterID: w.clusterID, peer: name, credentials, serial, nodes });
    connections.set(w.clusterID, served);
    d.onServed(w.clusterID);
    return served;
  };

  return {
    /** Who leaves a peer is not held up by what is left of the way to it. */
    open: async (w: World, name: string, nodes: ReadonlyMap<string, string>): Promise<Served | undefined> => {
      try {
        return await connect(w, name, nodes);
      } catch (err) {
        if (!whyLeave(w)) throw err;
        local.log.warn(
          { peer: name, reason: describeError(err) },
          "leaving a peer without a connection to it",
        );
        return undefined;
      }
    },
    close: async (clusterID: string): Promise<void> => {
      if (!connections.get(clusterID)) return;
      await connections.drop(clusterID);
      d.onServed(clusterID);
    },
  };
};
