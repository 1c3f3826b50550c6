/**
 * `npm run bench`: the product beside the bare engine, on one server in one run; then agents that pull: parked, with
 * many tasks waiting, and from creation to delivery; then runs over SSH beside OpenSSH, and 100 of them at once.
 * Only the ratios mean anything; times depend on the machine.
 * Options: --rounds N (default 3), --scale X (lives per round, default 1), --tasks N (that wait in the part about
 * pulling, default 10 000 times the scale), --part engine|pull|ssh (default: all).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureEngine } from './engine';
import { measurePull } from './pull/part';
import { type Figures, report } from './report';
import { measureSsh } from './ssh/part';

/** That wait in the part about pulling; filling takes minutes, so a smaller scale has fewer. */
const TASKS = 10_000;
const TASKS_MIN = 1_000;

async function main() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      scale: { type: 'string', default: '1' },
      tasks: { type: 'string' },
      part: { type: 'string' },
    },
  });
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-bench-'));
  const onLine = (line: string) => console.error(line);
  const figures: Figures = {};
  // A part that fails takes nothing from the others.
  const attempt = async (part: string, measure: () => Promise<void>) => {
    if (values.part !== undefined && values.part !== part) return;
    await measure().catch((error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    });
  };
  const [rounds, scale] = [Number(values.rounds), Number(values.scale)];
  await attempt('engine', async () => {
    figures.engine = await measureEngine(join(directory, 'engine'), { rounds, scale, onLine });
  });
  const tasks = Number(values.tasks ?? Math.max(TASKS_MIN, Math.round(TASKS * Math.min(1, scale))));
  await attempt('pull', async () => {
    figures.pull = await measurePull(join(directory, 'pull'), { tasks, onLine });
  });
  await attempt('ssh', async () => {
    figures.ssh = await measureSsh(join(directory, 'ssh'), onLine);
  });
  report(figures);
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
