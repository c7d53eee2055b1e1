import { X509Certificate } from "node:crypto";
import { connect as connectTls, createSecureContext, type PeerCertificate } from "node:tls";
import { ChannelCredentials } from "@grpc/grpc-js";
import { ForbiddenError, InvalidError, TimeoutError, UnavailableError } from "@tideway/errors";
import { isEndpoint, spkiPin } from "@tideway/pki";

/** The name in every auth service's certificate; what counts is the pin. */
export const SERVER_NAME = "tideway-auth";

const splitEndpoint = (endpoint: string): { host: string; port: number } => {
  if (!isEndpoint(endpoint))
    throw new InvalidError(`endpoint: must be host:port, is ${JSON.stringify(endpoint)}`);
  const at = endpoint.lastIndexOf(":");
  return { host: endpoint.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(endpoint.slice(at + 1)) };
};

/**
 * What the server shows, before anything is told to it. A self-signed certificate cannot be verified by a chain, so
 * its key is compared with the pins, and only then is it the root of the real connection.
 */
export const fetchCertificate = (
  endpoint: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<X509Certificate> => {
  const { host, port } = splitEndpoint(endpoint);
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      host,
      port,
      servername: SERVER_NAME,
      rejectUnauthorized: false, // nothing is sent on this connection; the pin is checked below
      minVersion: "TLSv1.3",
      ALPNProtocols: ["h2"],
    });
    const abort = (): void => void socket.destroy(new UnavailableError(`${endpoint}: given up`));
    const timer = setTimeout(
      () => socket.destroy(new TimeoutError(`no TLS handshake within ${timeoutMs} ms`)),
      timeoutMs,
    );
    signal?.addEventListener("abort", abort, { once: true });
    socket.once("secureConnect", () => {
      const certificate = socket.getPeerX509Certificate();
      if (certificate) resolve(certificate);
      socket.destroy(certificate ? undefined : new Error("the server showed no certificate"));
    });
    socket.once("error", (cause) => reject(new UnavailableError(`${endpoint}: cannot connect`, { cause })));
    socket.once("close", () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      reject(new UnavailableError(`${endpoint}: closed before a certificate was shown`)); // no effect after resolve
    });
  });
};

/** Throws ForbiddenError when the key is none of the pinned. Answers the pin. */
export const checkPin = (
  certificate: X509Certificate | PeerCertificate,
  pins: readonly string[],
  endpoint: string,
): string => {
  const pin = spkiPin(
    certificate instanceof X509Certificate ? certificate : new X509Certificate(certificate.raw),
  );
  if (!pins.includes(pin))
    throw new ForbiddenError(
      `${endpoint}: shows a certificate with the pin ${pin}, expected ${pins.join(" or ") || "none"}`,
    );
  return pin;
};

/** Credentials for a channel to a server with exactly this self-signed certificate. */
export const pinnedCredentials = (root: X509Certificate, pin: string, endpoint: string): ChannelCredentials =>
  ChannelCredentials.createFromSecureContext(
    createSecureContext({ ca: root.toString(), minVersion: "TLSv1.3" }),
    {
      checkServerIdentity: (_host, shown) => {
        try {
          checkPin(shown, [pin], endpoint);
          return undefined;
        } catch (err) {
          return err as Error;
        }
      },
    },
  );
