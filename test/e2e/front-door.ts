import { request as http } from "node:http";
import { request as https } from "node:https";
import type { TLSSocket } from "node:tls";
import { until } from "@tideway/sandbox";
import type { Side } from "./world.ts";

/** What a browser sees at the Ingress controller of a cluster, which every name leads to. */
export interface Answer {
  /** Of HTTP; 0 where the port is closed, as it is while a controller has nothing at all to serve. */
  status: number;
  body: string;
  /** SHA-256 of the certificate, as Node writes it. */
  fingerprint?: string;
}

export interface Secure {
  /** PEM of the only authority that is believed; the certificate's name has to be the host's. */
  ca: string;
  /** Of the certificate that is expected. */
  fingerprint: string;
}

export const ask = (s: Side, host: string, path: string, tls?: Pick<Secure, "ca">): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const to = { host: s.cluster.nodeAddress, path, headers: { host }, agent: false, timeout: 2_000 };
    const req = tls ? https({ ...to, port: 443, servername: host, ca: tls.ca }) : http({ ...to, port: 80 });
    req.on("error", (err: NodeJS.ErrnoException) =>
      err.code === "ECONNREFUSED" ? resolve({ status: 0, body: "" }) : reject(err),
    );
    req.on("timeout", () => req.destroy(new Error(`no answer from ${host}${path} within 2 s`)));
    req.on("response", (res) => {
      const fingerprint = tls && (res.socket as TLSSocket).getPeerCertificate().fingerprint256;
      let body = "";
      res.setEncoding("utf8").on("data", (part: string) => (body += part));
      res.on("end", () =>
        resolve({ status: res.statusCode ?? 0, body, ...(fingerprint ? { fingerprint } : {}) }),
      );
    });
    req.end();
  });

const described = (s: Side, host: string, path: string, tls?: Secure) => async (): Promise<string> =>
  JSON.stringify(await ask(s, host, path, tls).catch(String));

/** `who` answers with its name. */
export const serves = (s: Side, host: string, path: string, who: string, tls?: Secure): Promise<unknown> =>
  until(
    async () => {
      const { status, body, fingerprint } = await ask(s, host, path, tls);
      return status === 200 && body === who && fingerprint === tls?.fingerprint;
    },
    {
      what: `${who} answering at ${host}${path} of ${s.cluster.name}`,
      timeoutMs: 20_000,
      explain: described(s, host, path, tls),
    },
  );

/** Nobody is behind the name. */
export const isNothing = async (s: Side, host: string, path: string): Promise<boolean> =>
  [0, 404].includes((await ask(s, host, path)).status);

export const servesNothing = (s: Side, host: string, path: string): Promise<unknown> =>
  until(() => isNothing(s, host, path), {
    what: `nothing at ${host}${path} of ${s.cluster.name}`,
    timeoutMs: 20_000,
    explain: described(s, host, path),
  });
