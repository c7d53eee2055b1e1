/** DNS-SD as Tideway speaks it, on the local network and in DNS domains: names, what is announced, packets. */
export * from "./announcement.ts";
export * from "./names.ts";
export * from "./packet.ts";
export * from "./wire-data.ts";
