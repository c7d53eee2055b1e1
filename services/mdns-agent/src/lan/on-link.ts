import ipaddr from "ipaddr.js";

/**
 * Whether `from` is in the network of an interface with this address and mask: who is not cannot be meant by a link-local
 * protocol (RFC 6762, section 11).
 */
export const isOnLink = (from: string, address: string, netmask: string): boolean => {
  if (!ipaddr.IPv4.isValidFourPartDecimal(from)) return false;
  const bits = ipaddr.IPv4.parse(netmask).prefixLengthFromSubnetMask();
  return bits !== null && ipaddr.IPv4.parse(from).match(ipaddr.IPv4.parse(address), bits);
};
