/**
 * What happens to one field on its way across the border. `consumer` is what the consumer's virtual-kubelet
 * does when it writes a ShadowPod; the verdict is what the provider does with a ShadowPod, whoever wrote it.
 */
export interface Rule {
  field: string;
  /**
   * crosses: the provider's pod has the consumer's value;
   * forced: the provider's pod has `value` (undefined: the field is left out), whatever was asked;
   * refused: a ShadowPod with it is refused by the provider, with `message`.
   */
  verdict: "crosses" | "forced" | "refused";
  value?: unknown;
  message?: string;
  /** Only values for which this holds are refused; the others cross. */
  when?: (value: unknown) => boolean;
  /** `when` in words, for the docs. */
  whenText?: string;
  /** The consumer leaves it out of the ShadowPod: it has done its work, or means nothing over there. */
  dropped?: true;
  /** Later changes on the consumer are forwarded. */
  mutable?: true;
  /** Fields inside, by the table of that name. Lists are checked item by item. */
  inner?: SectionName;
  note?: string;
}

export type SectionName =
  | "pod"
  | "podSecurity"
  | "container"
  | "containerSecurity"
  | "resources"
  | "port"
  | "lifecycle"
  | "hook"
  | "probe"
  | "volume"
  | "projected"
  | "projection";

export interface Section {
  name: SectionName;
  title: string;
  rules: readonly Rule[];
}

type More = Omit<Partial<Rule>, "field" | "verdict">;

export const crosses = (field: string, more: More = {}): Rule => ({ field, verdict: "crosses", ...more });
/** Left out on both sides, because it speaks about the consumer's cluster. */
export const dropped = (field: string, note: string): Rule => ({
  field,
  verdict: "forced",
  dropped: true,
  note,
});
export const forced = (field: string, value: unknown, note: string, more: More = {}): Rule => ({
  field,
  verdict: "forced",
  value,
  note,
  ...more,
});
export const refused = (field: string, message: string, more: More = {}): Rule => ({
  field,
  verdict: "refused",
  message,
  ...more,
});
/** Crosses, unless `when` holds. */
export const refusedWhen = (
  field: string,
  whenText: string,
  when: (value: unknown) => boolean,
  message: string,
  more: More = {},
): Rule => ({
  field,
  verdict: "refused",
  whenText,
  when,
  message,
  ...more,
});
