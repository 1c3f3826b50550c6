import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Watches how far the resident memory of a process rises above what it is now. Where the kernel does not let the
 * peak be reset, it is measured from the earlier peak.
 * @returns the rise so far, in bytes
 */
export function watchPeak(pid: number): () => number {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Some kernels have no such file.
  }
  const before = peakOf(pid);
  return () => peakOf(pid) - before;
}

function peakOf(pid: number): number {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  if (found === undefined) throw new Error(`the kernel does not tell the peak of process ${pid}`);
  return Number(found) * 1_024;
}
