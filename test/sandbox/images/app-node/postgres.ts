import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { type Address, connect, within } from "./connection.ts";

/** The part of PostgreSQL's protocol that a front end needs: SCRAM, statements with text parameters. */
export interface Login {
  user: string;
  password: string;
}

export type Row = (string | null)[];

/** What the server itself answered; the connection is still of use. */
export class QueryError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface Message {
  type: string;
  body: Buffer;
}

const hmac = (key: Buffer, text: string | Buffer): Buffer => createHmac("sha256", key).update(text).digest();
const cstring = (s: string): Buffer => Buffer.from(`${s}\0`);
const int32 = (n: number): Buffer => {
  const b = Buffer.alloc(4);
  b.writeInt32BE(n);
  return b;
};
const int16 = (n: number): Buffer => int32(n).subarray(2);
const message = (type: string, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
};

/** Messages of the server, one after the other. */
async function* messagesOf(socket: Socket): AsyncGenerator<Message, undefined> {
  let rest = Buffer.alloc(0);
  for await (const chunk of socket) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    while (rest.length >= 5 && rest.length >= 1 + rest.readInt32BE(1)) {
      const end = 1 + rest.readInt32BE(1);
      yield { type: String.fromCharCode(rest[0] ?? 0), body: rest.subarray(5, end) };
      rest = rest.subarray(end);
    }
  }
  return undefined;
}

export class Connection {
  readonly #socket: Socket;
  readonly #messages: AsyncGenerator<Message, undefined>;
  broken = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#messages = messagesOf(socket);
    socket.on("close", () => (this.broken = true));
  }

  static async open(a: Address, login: Login, timeoutMs: number): Promise<Connection> {
    const c = new Connection(await connect(a, timeoutMs));
    await within(timeoutMs, "login", c.#login(login)).catch((err: unknown) => {
      c.close();
      throw err;
    });
    return c;
  }

  close(): void {
    this.broken = true;
    this.#socket.destroy();
  }

  async query(sql: string, values: readonly string[], timeoutMs: number): Promise<Row[]> {
    const params = values.flatMap((v) => [int32(Buffer.byteLength(v)), Buffer.from(v)]);
    const none = cstring("");
    this.#socket.write(
      Buffer.concat([
        message("P", none, cstring(sql), int16(0)),
        message("B", none, none, int16(0), int16(values.length), ...params, int16(0)),
        message("E", none, int32(0)),
        message("S"),
      ]),
    );
    return within(timeoutMs, "postgres", this.#rows()).catch((err: unknown) => {
      if (!(err instanceof QueryError)) this.close();
      throw err;
    });
  }

  async #rows(): Promise<Row[]> {
    const rows: Row[] = [];
    let failure: QueryError | undefined;
    for (;;) {
      const m = await this.#next();
      if (m.type === "D") rows.push(columns(m.body));
      else if (m.type === "E") failure = errorOf(m.body);
      else if (m.type === "Z") {
        if (failure) throw failure;
        return rows;
      }
    }
  }

  async #next(): Promise<Message> {
    const next = await this.#messages.next();
    if (!next.value) throw new Error("postgres closed the connection");
    return next.value;
  }

  async #login({ user, password }: Login): Promise<void> {
    const settings = ["user", user, "database", "postgres", ""].map(cstring);
    const body = Buffer.concat([int32(196608), ...settings]);
    this.#socket.write(Buffer.concat([int32(body.length + 4), body]));
    const nonce = randomBytes(18).toString("base64");
    const first = `n=,r=${nonce}`;
    for (;;) {
      const m = await this.#next();
      if (m.type === "E") throw errorOf(m.body);
      if (m.type === "Z") return;
      if (m.type !== "R") continue;
      const step = m.body.readInt32BE(0);
      if (step === 10) {
        const text = Buffer.from(`n,,${first}`);
        this.#socket.write(message("p", cstring("SCRAM-SHA-256"), int32(text.length), text));
      } else if (step === 11) {
        this.#socket.write(message("p", Buffer.from(proof(password, first, m.body.toString("utf8", 4)))));
      }
    }
  }
}

/** RFC 5802; whether the server knows the password as well is not checked. */
function proof(password: string, first: string, challenge: string): string {
  const part = Object.fromEntries(challenge.split(",").map((p) => [p[0], p.slice(2)]));
  const salted = pbkdf2Sync(
    password,
    Buffer.from(part["s"] ?? "", "base64"),
    Number(part["i"]),
    32,
    "sha256",
  );
  const clientKey = hmac(salted, "Client Key");
  const final = `c=biws,r=${part["r"]}`;
  const signature = hmac(createHash("sha256").update(clientKey).digest(), `${first},${challenge},${final}`);
  const mixed = clientKey.map((b, i) => b ^ (signature[i] ?? 0));
  return `${final},p=${Buffer.from(mixed).toString("base64")}`;
}

function columns(body: Buffer): Row {
  const row: Row = [];
  let at = 2;
  for (let i = body.readInt16BE(0); i > 0; i--) {
    const length = body.readInt32BE(at);
    at += 4;
    row.push(length < 0 ? null : body.toString("utf8", at, at + length));
    if (length > 0) at += length;
  }
  return row;
}

function errorOf(body: Buffer): QueryError {
  const fields = Object.fromEntries(
    body
      .toString("utf8")
      .split("\0")
      .map((f) => [f[0], f.slice(1)]),
  );
  return new QueryError(fields["C"] ?? "", fields["M"] ?? "postgres refused");
}
