import { InvalidError } from "@tideway/errors";
import { contains, formatPrefix, indexIn, nth, parsePrefix } from "./address.ts";

/** The same host part in the other prefix; undefined when the address is not inside `from`. */
export const translate = (address: string, from: string, to: string): string | undefined => {
  const [source, target] = [parsePrefix(from), parsePrefix(to)];
  if (source.family !== target.family || source.length !== target.length)
    throw new InvalidError(`${formatPrefix(source)} and ${formatPrefix(target)} differ in length or family`);
  return contains(source, address) ? nth(target, indexIn(source, address)) : undefined;
};
