/** `tdwy`, then what it is, then the number of the probe, then the sender's token. */
const MAGIC = 0x74647779;
const SIZE = 24;
const ASK = 1;
const ANSWER = 2;

export interface Probe {
  /** Counts up; 32 bits. */
  sequence: number;
  /** Tells the peers and the lives of this process apart. */
  token: bigint;
}

export const ask = ({ sequence, token }: Probe): Buffer => {
  const packet = Buffer.alloc(SIZE);
  packet.writeUInt32BE(MAGIC, 0);
  packet.writeUInt8(ASK, 4);
  packet.writeUInt32BE(sequence >>> 0, 8);
  packet.writeBigUInt64BE(token, 12);
  return packet;
};

const is = (packet: Buffer, kind: number): boolean =>
  packet.length === SIZE && packet.readUInt32BE(0) === MAGIC && packet.readUInt8(4) === kind;

/** The answer to a probe, as long as the probe; undefined for anything else, which gets none. */
export const answerTo = (packet: Buffer): Buffer | undefined => {
  if (!is(packet, ASK)) return undefined;
  const answer = Buffer.from(packet);
  answer.writeUInt8(ANSWER, 4);
  return answer;
};

export const readAnswer = (packet: Buffer): Probe | undefined =>
  is(packet, ANSWER) ? { sequence: packet.readUInt32BE(8), token: packet.readBigUInt64BE(12) } : undefined;
