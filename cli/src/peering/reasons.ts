/**
 * Reasons that ForeignCluster conditions give, and what a person does about them. `hopeless`: waiting longer
 * cannot help, so `tideway peer` stops at once.
 */
const REASONS: Record<string, { hopeless?: true; next: string }> = {
  TokenRefused: {
    hopeless: true,
    next: "the invitation was used, has expired or was taken back; ask for a new one: tideway invite",
  },
};

export const hintFor = (reason: string): string | undefined => REASONS[reason]?.next;

export const isHopeless = (reason: string): boolean => REASONS[reason]?.hopeless ?? false;
