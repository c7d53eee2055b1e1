import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

/** `host:port` with an address for a name, since WireGuard's tool would stand still while it asks. */
export const resolveEndpoint = async (endpoint: string): Promise<string> => {
  const at = endpoint.lastIndexOf(":");
  const host = endpoint.slice(0, at).replace(/^\[|\]$/g, "");
  const port = endpoint.slice(at + 1);
  const address = isIP(host) ? host : (await lookup(host)).address;
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
};
