/**
 * Share that one host may use of anything that all on the network use together: who floods it, or invents clusters, hides
 * nobody else.
 */
export const SHARE_OF_ONE = 1 / 4;
