/**
 * What a test file leaves behind. Processes are found by a mark in their environment, which
 * children inherit however they detach themselves; ports and connections by Node's own count.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { processIdentity } from '../../workers/process-identity';

export const RUN_MARK = 'SIGNALBOX_TEST_RUN';

const COUNTED = ['ProcessWrap', 'TCPServerWrap', 'TCPSocketWrap', 'PipeWrap'];

export interface MarkedProcess {
  pid: number;
  command: string;
}

/** Processes other than this one that carry the mark; none where there is no /proc. */
export function markedProcesses(mark: string): MarkedProcess[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => pid !== process.pid && isMarked(pid, mark) && processIdentity(pid) !== null)
    .map((pid) => ({ pid, command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() }));
}

/** Servers, sockets and child processes that this process has open, by kind. */
export function openResources(): Map<string, number> {
  const counts = new Map(COUNTED.map((kind) => [kind, 0]));
  for (const kind of process.getActiveResourcesInfo()) {
    const count = counts.get(kind);
    if (count !== undefined) counts.set(kind, count + 1);
  }
  return counts;
}

/** One line for each kind of which there are more than before. */
export function grown(before: Map<string, number>, after: Map<string, number>): string[] {
  return [...after]
    .filter(([kind, count]) => count > (before.get(kind) ?? 0))
    .map(([kind, count]) => `${kind}: ${before.get(kind) ?? 0} before, ${count} after`);
}

function isMarked(pid: number, mark: string): boolean {
  return read(`/proc/${pid}/environ`).split('\0').includes(`${RUN_MARK}=${mark}`);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
