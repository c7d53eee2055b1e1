import { InvalidError } from "@tideway/errors";
import { DerReader, encode, OID, oid, sequence, TAG } from "./der.ts";

/** Group of every consumer's identity, in the only O of its certificate. */
export const PEERS_GROUP = "tideway:peers";
const USER_PREFIX = "tideway:";
const CLUSTER_ID = /^[0-9a-zA-Z]([-0-9a-zA-Z]{0,61}[0-9a-zA-Z])?$/;

/** A cluster ID is the UID of a kube-system namespace; anything that could not be one is refused at the door. */
export const isClusterID = (s: string): boolean => CLUSTER_ID.test(s);

/** The Kubernetes user of a peer's identity. */
export const userOf = (clusterID: string): string => `${USER_PREFIX}${clusterID}`;
/** Name of a peer's ServiceAccount in its tenant namespace, where the API server signs no client certificates. */
export const accountOf = (clusterID: string): string => `tideway-${clusterID.toLowerCase()}`;
/** Only auth makes accounts there, and only of that name. */
const ACCOUNT_USER = /^system:serviceaccount:tideway-tenant-[a-z0-9-]+:tideway-(.+)$/;

/** The peer that a Kubernetes user is, by its certificate or its account; undefined for a user that is no peer. */
export const clusterOfUser = (user: string): string | undefined => {
  const id = user.startsWith(USER_PREFIX) ? user.slice(USER_PREFIX.length) : ACCOUNT_USER.exec(user)?.[1];
  return id !== undefined && isClusterID(id) ? id : undefined;
};

export interface SubjectName {
  commonNames: string[];
  organizations: string[];
  /** Attributes other than CN and O, or more than one in a set: never in a name that we build. */
  others: number;
}

const attribute = (type: Buffer, value: string): Buffer =>
  encode(TAG.set, sequence(oid(type), encode(TAG.utf8, Buffer.from(value, "utf8"))));

/** The name this project builds, and the only one it accepts. */
export const peerSubject = (clusterID: string): Buffer =>
  sequence(attribute(OID.organization, PEERS_GROUP), attribute(OID.commonName, userOf(clusterID)));

export const serverSubject = (commonName: string): Buffer => sequence(attribute(OID.commonName, commonName));

/** `raw` is the whole Name element. */
export const parseName = (raw: Buffer, field: string): SubjectName => {
  const name: SubjectName = { commonNames: [], organizations: [], others: 0 };
  const outer = new DerReader(raw, field);
  const sets = new DerReader(outer.next(TAG.sequence).content, field);
  outer.end();
  while (!sets.done) {
    const set = new DerReader(sets.next(TAG.set).content, field);
    const pair = new DerReader(set.next(TAG.sequence).content, field);
    if (!set.done) name.others++;
    const type = pair.next(TAG.oid).content;
    const value = pair.next();
    pair.end();
    if (value.tag !== TAG.utf8 && value.tag !== TAG.printable) name.others++;
    const text = value.content.toString("utf8");
    if (type.equals(OID.commonName)) name.commonNames.push(text);
    else if (type.equals(OID.organization)) name.organizations.push(text);
    else name.others++;
  }
  return name;
};

/** Throws unless the name is exactly CN=tideway:<clusterID>, O=tideway:peers; answers the cluster ID. */
export const clusterOf = (name: SubjectName, field: string): string => {
  const [cn, ...moreNames] = name.commonNames;
  if (cn === undefined || moreNames.length > 0)
    throw new InvalidError(`${field}: exactly one CN is allowed, found ${name.commonNames.length}`);
  const [org, ...moreOrgs] = name.organizations;
  if (org !== PEERS_GROUP || moreOrgs.length > 0)
    throw new InvalidError(
      `${field}: exactly one O, ${PEERS_GROUP}, is allowed, found ${JSON.stringify(name.organizations)}`,
    );
  if (name.others > 0)
    throw new InvalidError(`${field}: attributes other than one CN and one O are not allowed`);
  const id = cn.startsWith(USER_PREFIX) ? cn.slice(USER_PREFIX.length) : "";
  if (!isClusterID(id))
    throw new InvalidError(`${field}: CN must be ${USER_PREFIX}<cluster ID>, is ${JSON.stringify(cn)}`);
  return id;
};
