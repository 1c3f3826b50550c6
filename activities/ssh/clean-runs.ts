import { parseFields } from './fields';
import type { Host } from './host';
import { listOldScript, removeScript } from './scripts/clean-sh';

export interface CleanOptions {
  /** How long a run directory is kept after its end, in milliseconds. */
  keep_ms: number;
  /** Does the task still wait for what became of this attempt? Rejects when it cannot be told. */
  isAwaited(task_id: string, epoch: number): Promise<boolean>;
  signal?: AbortSignal;
}

/** In one script: a name has at most 120 characters, and the script at most 128 KiB. */
const REMOVE_AT_ONCE = 100;

/**
 * Removes old run directories, but none that is alive or awaited. Repeating it, and several at a time, do no harm.
 * Gives how many were removed. Rejects with a failure of `failures.ts`.
 */
export async function cleanRuns(host: Host, { keep_ms, isAwaited, signal }: CleanOptions): Promise<number> {
  const { run_root } = await host.resolve({ signal });
  const keep_s = Math.ceil(keep_ms / 1_000);
  const listed = await host.run(listOldScript({ run_root, keep_s }), { signal, long: true });
  const names: string[] = [];
  for (const line of listed.stdout.toString().split('\n')) {
    const [name = '', epoch = '-', task = '-'] = line.split(' ');
    if (!NAME.test(name)) continue;
    if (task === '-' || !(await isAwaited(decodeURIComponent(task), Number(epoch)))) names.push(name);
  }
  let removed = 0;
  while (names.length > 0) {
    const some = names.splice(0, REMOVE_AT_ONCE);
    const result = await host.run(removeScript({ run_root, names: some }), { signal, long: true });
    removed += Number(parseFields(result.stdout).fields.get('removed') ?? 0);
  }
  return removed;
}

/** As `runName` makes them; nothing else that lies there is touched. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
