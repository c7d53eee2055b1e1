import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { hostname } from "node:os";
import { parseAddress, retry } from "./connection.ts";
import { Connection, QueryError, type Row } from "./postgres.ts";
import { createRedis } from "./redis.ts";

/**
 * The middle tier of the application: items live in PostgreSQL, redis caches them and counts the hits.
 *   GET /            {"host":…,"hits":…,"items":…}
 *   PUT /items/KEY   stores the body
 *   GET /items/KEY   gives it back; X-Cache says where from
 *   GET /healthz     of this process only
 * It does what any client of a service that moves does: a request that failed is made again on a new connection.
 */
const env = process.env;
const TIMEOUT_MS = Number(env["TIMEOUT_MS"] ?? 1000);
const RETRY_MS = Number(env["RETRY_MS"] ?? 10_000);
/** How long it still serves after SIGTERM: others learn of its end a little later than it. */
const DRAIN_MS = Number(env["DRAIN_MS"] ?? 3_000);
const login = { user: env["POSTGRES_USER"] ?? "app", password: env["POSTGRES_PASSWORD"] ?? "app" };
const database = parseAddress(env["POSTGRES"] ?? "postgres:5432");

const command = createRedis(parseAddress(env["REDIS"] ?? "redis:6379"), TIMEOUT_MS);
const redis = (...args: string[]): ReturnType<typeof command> => retry(RETRY_MS, () => command(...args));

const idle: Connection[] = [];
const TABLE = "CREATE TABLE IF NOT EXISTS items (key text PRIMARY KEY, value text NOT NULL)";

const sql = (text: string, ...values: string[]): Promise<Row[]> =>
  retry(RETRY_MS, async () => {
    const c = idle.pop() ?? (await Connection.open(database, login, TIMEOUT_MS));
    try {
      return await c.query(text, values, TIMEOUT_MS);
    } catch (err) {
      // undefined_table: a new database. Two may create it at once, and then one of them fails and comes again.
      if (err instanceof QueryError && err.code === "42P01") await c.query(TABLE, [], TIMEOUT_MS);
      throw err;
    } finally {
      if (c.broken)
        for (const other of idle.splice(0)) other.close(); // to the same server, gone or restarted
      else if (idle.length < 16) idle.push(c);
      else c.close();
    }
  });

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const path = new URL(req.url ?? "/", "http://app").pathname;
  if (path === "/healthz") return send(res, 200, "ok\n");
  if (path === "/") {
    const [hits, rows] = await Promise.all([redis("INCR", "hits"), sql("SELECT count(*) FROM items")]);
    return send(res, 200, JSON.stringify({ host: hostname(), hits, items: Number(rows[0]?.[0]) }));
  }
  const key = /^\/items\/([\w.-]{1,100})$/.exec(path)?.[1];
  if (!key) return send(res, 404, "no such page\n");
  if (req.method === "PUT") {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const value = Buffer.concat(chunks).toString();
    await sql("INSERT INTO items VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = $2", key, value);
    await redis("SET", key, value);
    return send(res, 200, "stored\n");
  }
  const cached = await redis("GET", key);
  if (cached !== null) return send(res, 200, String(cached), { "x-cache": "hit" });
  const [row] = await sql("SELECT value FROM items WHERE key = $1", key);
  if (row?.[0] === undefined || row[0] === null) return send(res, 404, "no such item\n");
  await redis("SET", key, row[0]);
  return send(res, 200, row[0], { "x-cache": "miss" });
}

let ending = false;
function send(res: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  res.writeHead(status, { ...headers, ...(ending ? { connection: "close" } : {}) }).end(body);
}

const server = createServer((req, res) => {
  answer(req, res).catch((err: unknown) => {
    console.error(`${req.method} ${req.url}:`, err);
    if (!res.headersSent) send(res, 500, `${String(err)}\n`);
  });
});
server.listen(Number(env["PORT"] ?? 8080), () => console.log("serves"));

process.on("SIGTERM", () => {
  ending = true;
  setTimeout(() => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  }, DRAIN_MS);
});
