/** How far a copy is: what rsync says with --info=progress2, such as `  1,238,099  95%   12.34MB/s    0:00:05`. */
export interface CopyProgress {
  bytes: number;
  percent: number;
  rate: string;
  /** Of the copy under way, as rsync reckons it. */
  eta: string;
}

const LINE = /^\s*([\d,.]+)\s+(\d{1,3})%\s+([\d.]+[kMGT]?B\/s)\s+(\d+:\d\d:\d\d)/;

/** The newest of it in a log; undefined before the first. */
export const progressIn = (log: string): CopyProgress | undefined => {
  for (const line of log.split("\n").toReversed()) {
    const found = LINE.exec(line);
    if (!found) continue;
    const [, bytes = "0", percent = "0", rate = "", eta = ""] = found;
    return { bytes: Number(bytes.replaceAll(/[,.]/g, "")), percent: Number(percent), rate, eta };
  }
  return undefined;
};

const WIDTH = 20;

export const bar = ({ percent, rate, eta }: CopyProgress): string => {
  const full = Math.round((Math.min(100, percent) / 100) * WIDTH);
  return `${"█".repeat(full)}${"░".repeat(WIDTH - full)} ${percent}%  ${rate}  ${eta} left`;
};
