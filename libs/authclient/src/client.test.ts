import { Metadata, Server, ServerCredentials, status } from "@grpc/grpc-js";
import { isForbidden, isInvalid, isUnavailable } from "@tideway/errors";
import { generateKeyPair, privateKeyPem, selfSigned, spkiPin } from "@tideway/pki";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { authService, createAuthClients, denialOf, REASON_KEY, SERVER_NAME } from "./index.ts";

const identity = () => {
  const keys = generateKeyPair();
  const now = Date.now();
  const certificate = selfSigned({
    dnsName: SERVER_NAME,
    keys,
    notBefore: new Date(now - 1000),
    notAfter: new Date(now + 3_600_000),
  });
  const pair = {
    private_key: Buffer.from(privateKeyPem(keys.privateKey)),
    cert_chain: Buffer.from(certificate),
  };
  return { pin: spkiPin(keys.publicKey), credentials: ServerCredentials.createSsl(null, [pair]) };
};
const first = identity();
const second = identity();

const open = async (credentials: ServerCredentials, port = 0): Promise<{ server: Server; port: number }> => {
  const server = new Server();
  server.addService(authService, {
    describe: (call: { metadata: Metadata }, answer: (err: null, value: object) => void) =>
      answer(null, {
        clusterId: "west",
        clusterName: String(call.metadata.get("traceparent")[0] ?? "none"),
        timeMs: 1,
      }),
    authenticate: (_: unknown, answer: (err: object) => void) => {
      const metadata = new Metadata();
      metadata.set(REASON_KEY, "TokenUsed");
      answer({ code: status.PERMISSION_DENIED, details: "it was used", metadata });
    },
    renew: (_: unknown, answer: (err: object) => void) => answer({ code: status.INTERNAL, details: "boom" }),
    release: () => undefined, // never answers
    checkPeering: (_: unknown, answer: (err: object) => void) =>
      answer({ code: status.INVALID_ARGUMENT, details: "cluster_id: is missing" }),
  });
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, credentials, (err, p) => (err ? reject(err) : resolve(p))),
  );
  return { server, port: bound };
};

let server: Server;
let endpoint: string;
const clients = createAuthClients();
const signed = { certificate: "", payload: Buffer.alloc(0), signature: Buffer.alloc(0) };
const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (err: unknown) => err,
  );

beforeAll(async () => {
  const opened = await open(first.credentials);
  server = opened.server;
  endpoint = `127.0.0.1:${opened.port}`;
});
afterAll(() => {
  clients.close();
  server.forceShutdown();
});

describe("a pinned client", () => {
  test("talks to the server whose key has one of the pins, and says which", async () => {
    const client = await clients.connect({ endpoint, pins: [second.pin, first.pin] });
    expect(client.pin).toBe(first.pin);
    expect(await client.describe()).toMatchObject({ clusterId: "west", clusterName: "none" });
  });

  test("hands the trace on", async () => {
    const client = await clients.connect({ endpoint, pins: [first.pin], traceparent: "00-a-b-01" });
    expect((await client.describe()).clusterName).toBe("00-a-b-01");
  });

  test("tells nothing to a server with another key, and shows both pins", async () => {
    const err = await failure(clients.connect({ endpoint, pins: [second.pin] }));
    expect(isForbidden(err)).toBe(true);
    expect(String(err)).toContain(first.pin);
    expect(String(err)).toContain(second.pin);
  });

  test("wants a pin", async () => {
    expect(isInvalid(await failure(clients.connect({ endpoint, pins: [] })))).toBe(true);
  });

  test("says what a failed call means", async () => {
    const client = await clients.connect({ endpoint, pins: [first.pin], timeoutMs: 300 });
    expect(denialOf(await failure(client.authenticate({} as never)))?.reason).toBe("TokenUsed");
    expect(isInvalid(await failure(client.checkPeering({ clusterId: "" })))).toBe(true);
    expect(isUnavailable(await failure(client.renew(signed)))).toBe(true);
    const again = await clients.connect({ endpoint, pins: [first.pin], timeoutMs: 300 });
    expect(isUnavailable(await failure(again.release(signed)))).toBe(true); // no answer in time
  });

  test("names the address that nobody answers at", async () => {
    const err = await failure(clients.connect({ endpoint: "127.0.0.1:1", pins: [first.pin] }));
    expect(isUnavailable(err)).toBe(true);
    expect(String(err)).toContain("127.0.0.1:1: cannot connect");
  });

  test("notices that the server came back with another key", async () => {
    const one = await open(first.credentials);
    const address = `127.0.0.1:${one.port}`;
    const pins = [first.pin, second.pin];
    await (await clients.connect({ endpoint: address, pins })).describe();
    one.server.forceShutdown();
    const other = await open(second.credentials, one.port);
    const call = async (): Promise<string> => {
      const client = await clients.connect({ endpoint: address, pins, timeoutMs: 1000 });
      await client.describe();
      return client.pin;
    };
    await failure(call()); // the old connection's certificate is not accepted for the new one
    expect(await call()).toBe(second.pin);
    other.server.forceShutdown();
  });
});
