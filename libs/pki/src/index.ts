export * from "./certificate.ts";
export { type CheckedCsr, checkCsr, createCsr } from "./csr.ts";
export * from "./invitation.ts";
export * from "./keys.ts";
export { accountOf, clusterOfUser, isClusterID, PEERS_GROUP, userOf } from "./name.ts";
export * from "./signed.ts";
