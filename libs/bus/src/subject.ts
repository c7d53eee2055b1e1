import { InvalidError } from "@tideway/errors";
import type { SubjectOf } from "./types.ts";

export const PREFIX = "tideway.v1";
const PLAIN = /^[A-Za-z0-9-]$/;

/**
 * A token of `[A-Za-z0-9_-]`: letters, digits and `-` as they are, every other byte of UTF-8 as `_` and two hex
 * digits, the empty text as a single `_`. Reversible, so that names with dots stay one token.
 */
export const encodeToken = (text: string): string => {
  if (text === "") return "_";
  let out = "";
  for (const byte of Buffer.from(text, "utf8")) {
    const char = String.fromCharCode(byte);
    out += PLAIN.test(char) ? char : `_${byte.toString(16).padStart(2, "0")}`;
  }
  return out;
};

export const decodeToken = (token: string): string => {
  if (token === "_") return "";
  const wrong = (): never => {
    throw new InvalidError(`subject token ${JSON.stringify(token)} is not encoded as [A-Za-z0-9-] and _hh`);
  };
  const bytes: number[] = [];
  for (let i = 0; i < token.length; i++) {
    const char = token.charAt(i);
    if (PLAIN.test(char)) bytes.push(char.charCodeAt(0));
    else if (char === "_" && /^[0-9a-f]{2}$/.test(token.slice(i + 1, i + 3))) {
      bytes.push(parseInt(token.slice(i + 1, i + 3), 16));
      i += 2;
    } else wrong();
  }
  const text = Buffer.from(bytes).toString("utf8");
  return encodeToken(text) === token ? text : wrong(); // one thing has one subject
};

/** `tideway.v1.<entity>.<peer>[.<id>]` */
export const subjectOf = (entity: string, { peer, id }: SubjectOf): string =>
  [PREFIX, entity, encodeToken(peer), ...(id === undefined ? [] : [encodeToken(id)])].join(".");

export const parseSubject = (subject: string): { entity: string; peer: string; id?: string } => {
  const [tideway, version, entity, peer, id, ...more] = subject.split(".");
  if (`${tideway}.${version}` !== PREFIX || !entity || !peer || id === "" || more.length > 0)
    throw new InvalidError(`subject ${JSON.stringify(subject)} is not ${PREFIX}.<entity>.<peer>[.<id>]`);
  return { entity, peer: decodeToken(peer), ...(id === undefined ? {} : { id: decodeToken(id) }) };
};

/** All things of an entity, or everything. */
export const filterOf = (entity?: string): string => `${PREFIX}.${entity ?? "*"}.>`;
