import { cpus, loadavg, totalmem } from 'node:os';

const GIB = 1024 ** 3;

/** What the figures were measured on; nothing that tells whose machine it is. */
export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGib: number;
  readonly node: string;
  readonly platform: string;
}

export function thisMachine(): Machine {
  const all = cpus();
  return {
    cores: all.length,
    cpu: all[0]?.model.trim() ?? 'unknown',
    memoryGib: Math.round(totalmem() / GIB),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

/** Processes that ran or waited to run, on average over the last minute. */
export function loadOfLastMinute(): number {
  return loadavg()[0] ?? Number.NaN;
}
