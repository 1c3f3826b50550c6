/** What a process uses, from Linux's /proc. */
import { readFileSync } from 'node:fs';

/** Linux tells /proc in hundredths of a second, whatever its own clock is. */
const TICK_MS = 10;
const SAMPLE_MS = 250;

export interface Sample {
  /** Milliseconds since 1970. */
  at: number;
  /** CPU time of all threads until then, in milliseconds. */
  cpuMs: number;
}

/** CPU time in milliseconds from /proc/PID/stat. @throws Error when it is not such a text */
export function cpuMsOf(stat: string): number {
  // The name, in brackets, may hold spaces and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  if (Number.isNaN(ticks)) throw new Error(`no CPU time in ${JSON.stringify(stat)}`);
  return ticks * TICK_MS;
}

/** The most memory that was ever resident, in bytes, from /proc/PID/status. @throws Error when it is not there */
export function peakBytesOf(status: string): number {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kib === undefined) throw new Error('no VmHWM in the status of the process');
  return Number(kib) * 1024;
}

/**
 * Cores that were busy on average between two times, in milliseconds since 1970, as far as there are samples;
 * NaN when there are none.
 */
export function coresBetween(samples: readonly Sample[], from: number, to: number): number {
  const first = samples.findLast(({ at }) => at <= from) ?? samples[0];
  const last = samples.find(({ at }) => at >= to) ?? samples.at(-1);
  if (first === undefined || last === undefined) return Number.NaN;
  return (last.cpuMs - first.cpuMs) / (last.at - first.at);
}

export interface Watched {
  samples: Sample[];
  /** Since the process began, in bytes. */
  peakBytes: number;
}

/** Watches a process while something else happens. */
export async function watchedDuring<T>(
  pid: number,
  action: () => Promise<T>,
): Promise<{ result: T; watched: Watched }> {
  const samples: Sample[] = [];
  const sample = () =>
    samples.push({ at: Date.now(), cpuMs: cpuMsOf(readFileSync(`/proc/${pid}/stat`, 'latin1')) });
  sample();
  const timer = setInterval(sample, SAMPLE_MS);
  try {
    const result = await action();
    sample();
    const peakBytes = peakBytesOf(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return { result, watched: { samples, peakBytes } };
  } finally {
    clearInterval(timer);
  }
}
