/**
 * Workers that keep no workflow in memory, so that every step replays the whole history: what a task lives through
 * when its worker is restarted or evicts it between any two events. The server hands an eager first step and the
 * update after it to such a worker as one activation, where a worker with memory sees two; the commands must not
 * depend on that.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Worker } from '@temporalio/worker';
import type { Role } from '../../workers/role';
import { startControl, workflowBundle } from '../helpers/control-worker';
import { createNamespace, type TestNamespace } from '../helpers/namespace';
import { SCENARIOS } from './scenarios';

let engine: TestNamespace;
let control: Role;

beforeAll(async () => {
  engine = await createNamespace('no-memory');
  control = await startControl(engine.temporal, { maxCachedWorkflows: 0 });
});

afterAll(async () => {
  await control?.stop();
  await engine?.close();
});

describe('a worker without memory', () => {
  it.each(Object.entries(SCENARIOS))('lives through %s', async (_, live) => {
    const workflowId = await live(engine.client, engine.temporal);
    const history = await engine.client.workflow.getHandle(workflowId).fetchHistory();
    const failures = history.events?.map((e) => e.workflowTaskFailedEventAttributes?.failure).filter(Boolean);
    expect(failures).toEqual([]);
    await Worker.runReplayHistory(
      { workflowBundle: { codePath: await workflowBundle() } },
      history,
      workflowId,
    );
  });
});
