/**
 * Histories recorded from earlier versions must replay: tasks in flight survive an upgrade.
 * `RECORD_HISTORIES=1 npx jest --selectProjects replay` records those that are missing, on a real server.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import type { Role } from '../../workers/role';
import { startControl, workflowBundle } from '../helpers/control-worker';
import { createNamespace, type TestNamespace } from '../helpers/namespace';
import { temporalCli } from '../helpers/temporal-server';
import { SCENARIOS } from './scenarios';

const FOLDER = join(__dirname, 'histories');
const recording = process.env.RECORD_HISTORIES === '1';

interface Recorded {
  workflowId: string;
  history: object;
}

const fileOf = (name: string) => join(FOLDER, `${name}.json`);
const read = (name: string) => JSON.parse(readFileSync(fileOf(name), 'utf8')) as Recorded;

async function replay({ workflowId, history }: Recorded) {
  await Worker.runReplayHistory(
    { workflowBundle: { codePath: await workflowBundle() } },
    historyFromJSON(history),
    workflowId,
  );
}

/** As the `temporal` command prints it, which is also how an operator would get one out of production. */
async function historyOf({ address, namespace }: TestNamespace, workflowId: string): Promise<object> {
  const args = [
    'workflow',
    'show',
    '--address',
    address,
    '-n',
    namespace,
    '-w',
    workflowId,
    '--output',
    'json',
  ];
  return JSON.parse(
    execFileSync(await temporalCli(), args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }),
  );
}

if (recording) {
  let engine: TestNamespace;
  let control: Role;
  beforeAll(async () => {
    engine = await createNamespace('record');
    control = await startControl(engine.temporal);
    mkdirSync(FOLDER, { recursive: true });
    for (const [name, live] of Object.entries(SCENARIOS)) {
      if (existsSync(fileOf(name))) continue;
      const workflowId = await live(engine.client, engine.temporal);
      const history = await historyOf(engine, workflowId);
      writeFileSync(
        fileOf(name),
        `${JSON.stringify({ workflowId, history })}
`,
      );
    }
  });
  afterAll(async () => {
    await control?.stop();
    await engine?.close();
  });
}

describe('a recorded history replays', () => {
  it.each(Object.keys(SCENARIOS))('%s', async (name) => {
    await replay(read(name));
  });

  it('of every file there is', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(
      Object.keys(SCENARIOS)
        .map((name) => `${name}.json`)
        .sort(),
    );
  });

  it('and one that was tampered with does not: the check can fail', async () => {
    const text = readFileSync(fileOf('task-pulled'), 'utf8').replaceAll('lease-1-1', 'lease-9-9');
    await expect(replay(JSON.parse(text))).rejects.toThrow(DeterminismViolationError);
  });
});
