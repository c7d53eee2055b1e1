import { contains, parsePrefix } from "@tideway/net";

/** -1 for what is no address of IPv4. */
const numberOf = (address: string): number => {
  let value = 0;
  let parts = 0;
  for (const part of address.split(".")) {
    const n = Number(part);
    if (!(n >= 0 && n <= 255)) return -1;
    value = value * 256 + n;
    parts++;
  }
  return parts === 4 ? value : -1;
};

/** `contains` for one network and thousands of addresses, each time that one of them changes. */
export const inside = (cidr: string): ((address: string) => boolean) => {
  const { family, base, length } = parsePrefix(cidr);
  if (family === 6) return (address) => contains(cidr, address);
  const first = Number(base);
  const end = first + 2 ** (32 - length);
  return (address) => {
    const n = numberOf(address);
    return n >= first && n < end;
  };
};
