import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

/** The line without which a figure means nothing. */
export const machine = (): string =>
  [
    cpus()[0]?.model.trim() ?? 'unknown processor',
    `${availableParallelism()} cores`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `${process.platform} ${release()}`,
    `node ${process.version}`,
    `load ${loadavg()[0]!.toFixed(1)}`,
  ].join(', ');
