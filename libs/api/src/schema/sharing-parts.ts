/** What the kinds of sharing have in common. */
import { Type } from "@sinclair/typebox";
import { decimal } from "./common.ts";
import { HINT } from "./define.ts";

export const ready = (field: string): string => `.status.conditions[?(@.type=="Ready")].${field}`;

/** Short, since a virtual node is named `<peer>-<pool>` and an offer `offer-<pool>`. */
export const poolName = (description: string) =>
  Type.String({
    pattern: "^[a-z0-9]([-a-z0-9]{0,18}[a-z0-9])?$",
    maxLength: 20,
    [HINT]: "must be a name of at most 20 of a-z, 0-9 and -, starting and ending with a letter or digit",
    description,
  });

export const classes = {
  name: Type.String({ minLength: 1, maxLength: 253 }),
  default: Type.Optional(Type.Boolean({ description: "Used where no class is named." })),
};

export const prices = Type.Object(
  {
    currency: Type.String({
      minLength: 1,
      maxLength: 16,
      description: "Such as EUR, or any unit of account.",
    }),
    perHour: Type.Unsafe<Record<string, string>>({
      type: "object",
      maxProperties: 64,
      additionalProperties: decimal("Amount of money."),
      description:
        "What an hour costs by resource name: of one core, of a GiB of what is counted in bytes, of one of the rest.",
    }),
  },
  { description: "What is paid for what is offered. Tideway shows and compares it, and bills nobody." },
);
