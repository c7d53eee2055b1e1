import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { FLANNEL_USER, LOCAL_PATH_USER } from "./layout.ts";
import { run } from "./run.ts";

/** Names of the files in a PKI directory, without `.crt` and `.key`. */
export type Authority = "ca" | "front-proxy-ca";

export interface CertificateRequest {
  name: string;
  commonName: string;
  organisation?: string;
  authority?: Authority;
  /** subjectAltName entries such as `IP:10.0.0.1`; with them the certificate serves, else it identifies a client. */
  names?: readonly string[];
}

const openssl = (args: readonly string[]): Promise<string> => run("openssl", args);
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Each file appears only when it is whole, the key first: a certificate that is there has its key. */
async function make(dir: string, name: string, args: readonly string[]): Promise<void> {
  if (existsSync(join(dir, `${name}.crt`))) return;
  const temp = join(dir, `.${name}.${process.pid}`);
  await openssl([
    "req",
    "-x509",
    ...newKey,
    "-sha256",
    "-days",
    "3650",
    "-keyout",
    `${temp}.key`,
    "-out",
    `${temp}.crt`,
    ...args,
  ]);
  renameSync(`${temp}.key`, join(dir, `${name}.key`));
  renameSync(`${temp}.crt`, join(dir, `${name}.crt`));
}

export async function makeAuthority(dir: string, name: Authority, commonName: string): Promise<void> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  await make(dir, name, [
    "-subj",
    `/CN=${commonName}`,
    "-addext",
    "keyUsage=critical,digitalSignature,keyCertSign,cRLSign",
  ]);
}

export async function makeCertificate(dir: string, r: CertificateRequest): Promise<void> {
  const authority = join(dir, r.authority ?? "ca");
  const subject = `${r.organisation ? `/O=${r.organisation}` : ""}/CN=${r.commonName}`;
  const usage = r.names ? ["serverAuth", "clientAuth"] : ["clientAuth"];
  await make(dir, r.name, [
    ...["-CA", `${authority}.crt`, "-CAkey", `${authority}.key`, "-subj", subject],
    ...["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "keyUsage=critical,digitalSignature"],
    ...["-addext", `extendedKeyUsage=${usage.join(",")}`],
    ...(r.names ? ["-addext", `subjectAltName=${r.names.join(",")}`] : []),
  ]);
}

export async function makeServiceAccountKey(dir: string): Promise<void> {
  const file = join(dir, "service-account.key");
  if (existsSync(file)) return;
  await openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", `${file}.new`]);
  await openssl(["ec", "-in", `${file}.new`, "-pubout", "-out", join(dir, "service-account.pub")]);
  renameSync(`${file}.new`, file);
}

export interface ControlPlanePki {
  clusterName: string;
  serverNames: readonly string[];
  nodes?: readonly { name: string; address: string }[];
}

/** Everything a control plane and its kubelets need; what exists is kept. */
export async function makePki(dir: string, o: ControlPlanePki): Promise<void> {
  await Promise.all([
    makeAuthority(dir, "ca", `${o.clusterName}-ca`),
    makeAuthority(dir, "front-proxy-ca", `${o.clusterName}-front-proxy-ca`),
    makeServiceAccountKey(dir),
  ]);
  const system = (name: string): CertificateRequest => ({ name, commonName: `system:${name}` });
  const requests: CertificateRequest[] = [
    { name: "apiserver", commonName: "kube-apiserver", names: o.serverNames },
    {
      name: "apiserver-kubelet-client",
      commonName: "kube-apiserver-kubelet-client",
      organisation: "system:masters",
    },
    { name: "front-proxy-client", commonName: "front-proxy-client", authority: "front-proxy-ca" },
    { name: "admin", commonName: "admin", organisation: "system:masters" },
    system("kube-controller-manager"),
    system("kube-scheduler"),
    system("kube-proxy"),
    { name: FLANNEL_USER, commonName: FLANNEL_USER },
    { name: LOCAL_PATH_USER, commonName: LOCAL_PATH_USER },
    ...(o.nodes ?? []).flatMap((n): CertificateRequest[] => [
      { name: `kubelet-${n.name}`, commonName: `system:node:${n.name}`, organisation: "system:nodes" },
      {
        name: `kubelet-serving-${n.name}`,
        commonName: `system:node:${n.name}`,
        organisation: "system:nodes",
        names: [`DNS:${n.name}`, `IP:${n.address}`],
      },
    ]),
  ];
  await Promise.all(requests.map((r) => makeCertificate(dir, r)));
}
