import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { DirectoryBlobStore } from '../../activities/blobs/directory-store';
import type { HostDeps } from '../../activities/ssh/host';
import { createHostActivities } from '../../activities/ssh/host-activities';
import type { Transport } from '../../activities/ssh/transport';
import { promptConfigSchema } from '../../contracts/prompt';
import type {
  FollowHeartbeat,
  KillReport,
  KillRequest,
  RunOutcome,
  RunRequest,
  StartedRun,
} from '../../contracts/run';
import { makeTransport } from './transport-under-test';
import { waitUntil } from './wait-until';

/** Without an entry in the config file. */
export const PROMPTS = promptConfigSchema.parse({});

/** Failures are looked at by the tests, not in the log. */
export const activityEnvironment = () =>
  new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });

export interface LocalHostOptions extends Partial<Omit<HostDeps, 'host' | 'transport'>> {
  slots?: number;
  /** The directory of another host, to stand beside it. */
  root?: string;
  env?: Record<string, string>;
  /** What the config file says for every run on this host. */
  hostEnv?: HostDeps['host']['env'];
  wrap?: (transport: Transport) => Transport;
}

/** A local host in a directory of its own; `close` fails the test when a process of one of its runs is left. */
export function localHost({
  slots = 4,
  root: given,
  env,
  hostEnv,
  wrap = (t) => t,
  ...deps
}: LocalHostOptions = {}) {
  const root = given ?? mkdtempSync(join(tmpdir(), 'signalbox-host-'));
  const attempts: string[] = [];
  const transport = wrap(makeTransport(env ?? {}));
  const blobs = new DirectoryBlobStore(join(root, 'blobs'));
  const created = createHostActivities({
    hostId: 'local',
    host: { slots, run_root: join(root, 'runs'), work_root: join(root, 'work'), env: hostEnv },
    templates: {},
    default_template: 'shell',
    prompts: PROMPTS,
    transport,
    blobs,
    logger: { info: () => undefined, warn: () => undefined },
    poll_ms: 30,
    heartbeat_ms: 50,
    ...deps,
  });

  // Each in an activity environment of its own, as a worker would.
  const startIn = (environment: MockActivityEnvironment, asked: RunRequest): Promise<StartedRun> =>
    environment.run(created.startRun, asked);
  const activities = {
    ...created,
    startRun: (asked: RunRequest) => startIn(activityEnvironment(), asked),
    killRun: (asked: KillRequest): Promise<KillReport> => activityEnvironment().run(created.killRun, asked),
  };

  function request(fields: Partial<RunRequest> & { script?: string } = {}): RunRequest {
    const { script, ...rest } = fields;
    const attempt_id = rest.attempt_id ?? `t-${randomUUID()}`;
    attempts.push(attempt_id);
    return {
      attempt_id,
      task_id: `task-${attempt_id}`,
      epoch: 1,
      title: 'a task',
      body: { inline: script ?? 'true' },
      labels: ['agent:code'],
      template: null,
      repository: null,
      branch_name: 'signalbox/task',
      checkpoint: null,
      findings: [],
      host_lost_after_ms: 20_000,
      kill_grace_ms: 300,
      ...rest,
    };
  }

  function follow(run: RunRequest, started: StartedRun) {
    const env = activityEnvironment();
    const beats: FollowHeartbeat[] = [];
    env.on('heartbeat', (details: FollowHeartbeat) => beats.push(details));
    const outcome: Promise<RunOutcome> = env.run(activities.followRun, { request: run, started });
    // Looked at later: a rejection meanwhile is not lost, only not yet awaited.
    outcome.catch(() => undefined);
    return { env, beats, outcome };
  }

  async function run(fields: Parameters<typeof request>[0]): Promise<RunOutcome> {
    const asked = request(fields);
    return follow(asked, await activities.startRun(asked)).outcome;
  }

  async function close() {
    await transport.close();
    const left = attempts.flatMap((attempt) => marked(attempt));
    for (const pid of left) process.kill(pid, 'SIGKILL');
    // A launcher outlives the record that a test waits for by a few lines.
    await waitUntil(() => launchersBelow(root).length === 0, { what: 'launchers to end' }).catch(
      () => undefined,
    );
    const launchers = launchersBelow(root);
    for (const pid of launchers) process.kill(pid, 'SIGKILL');
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    if (left.length > 0) throw new Error(`processes left of a run: ${left.join(' ')}`);
    if (launchers.length > 0) throw new Error(`launchers left: ${launchers.join(' ')}`);
  }

  return { root, activities, startIn, blobs, transport, request, follow, run, close };
}

const pids = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name));

const readProc = (pid: string, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
};

/** Live processes that carry the attempt id; looked for without any of the code under test. */
export const marked = (attempt: string): number[] =>
  pids()
    .filter((pid) => readProc(pid, 'environ').split('\0').includes(`SIGNALBOX_ATTEMPT=${attempt}`))
    .map(Number);

/** Supervisors and watches of a host. */
export const launchersBelow = (root: string): number[] =>
  pids()
    .filter((pid) => readProc(pid, 'cmdline').split('\0')[1]?.startsWith(`${root}/`))
    .map(Number);

export const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.org', ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
