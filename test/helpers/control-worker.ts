import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode, type WorkerOptions } from '@temporalio/worker';
import pino from 'pino';
import { configSchema } from '../../contracts/config';
import { startControlWorker } from '../../workers/control';
import type { Role, RoleDeps, TemporalAddress } from '../../workers/role';

let bundle: Promise<string> | null = null;

/** The workflow bundle, made once per test process. */
export function workflowBundle(): Promise<string> {
  bundle ??= makeBundle();
  return bundle;
}

async function makeBundle(): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: require.resolve('../../workflows/index.ts'),
    logger: { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error: console.error },
  });
  const path = join(mkdtempSync(join(tmpdir(), 'signalbox-bundle-')), 'workflow-bundle.js');
  writeFileSync(path, code);
  return path;
}

/** The real control worker, in this process. */
export async function startControl(
  temporal: TemporalAddress,
  over: Partial<WorkerOptions> = {},
  /** Configured forges need a state directory and an environment as well. */
  more: Partial<RoleDeps> = {},
): Promise<Role> {
  const deps = {
    temporal,
    bundlePath: await workflowBundle(),
    logger: pino({ level: 'silent' }),
    config: configSchema.parse({}),
    ...more,
  };
  return startControlWorker(deps as RoleDeps, over);
}
