/** From a task over REST to what an agent finds on a host over a real sshd: its prompt, and the session to go on with. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pino from 'pino';
import { configSchema } from '../../contracts/config';
import { readEnvironment } from '../../workers/config/environment';
import { startHostWorkers } from '../../workers/host';
import type { Role, RoleDeps } from '../../workers/role';
import { startTestApi, type TestApi } from '../helpers/api-server';
import { startControl } from '../helpers/control-worker';
import { createNamespace, type TestNamespace } from '../helpers/namespace';
import { promptOf } from '../helpers/prompt-of';
import { sshHost } from '../helpers/ssh-host';
import { type Sshd, startSshd } from '../helpers/sshd';
import { waitUntil } from '../helpers/wait-until';
import { workedOn } from '../helpers/worked-on';

/** Says with what it was called, and what came by standard input. Sessions are gone once `gone` is there. */
const CODEX = `#!/bin/sh
if [ "$1" = --version ]; then echo 'codex-cli 9.9.9'; exit; fi
case "$*" in
  *' resume '*) if [ -e "$CODEX_HOME/gone" ]; then echo 'no rollout found for thread id 1' >&2; exit 1; fi ;;
esac
given=$(sha256sum)
printf '%s\\n' '{"type":"thread.started","thread_id":"thread-1"}' '{"type":"turn.started"}'
printf '{"type":"item.completed","item":{"type":"agent_message","text":"[%s] %s"}}\\n' "$*" "\${given%% *}"
echo '{"type":"turn.completed","usage":{"input_tokens":1,"output_tokens":1}}'
`;
const CALLED = 'exec --json --skip-git-repo-check --sandbox danger-full-access';

let space: TestNamespace;
let control: Role;
let api: TestApi;
let sshd: Sshd;
let hosts: Role;
let root: string;

beforeAll(async () => {
  space = await createNamespace('agents');
  control = await startControl(space.temporal);
  sshd = await startSshd();
  root = mkdtempSync(join(tmpdir(), 'signalbox-agents-'));
  for (const directory of ['bin', 'codex']) mkdirSync(join(root, directory));
  writeFileSync(join(root, 'bin', 'codex'), CODEX, { mode: 0o755 });
  const reached = sshHost(sshd, root);
  const box = {
    ...reached,
    capabilities: ['agent:code', 'agent:review'],
    env: { ...reached.env, CODEX_API_KEY: 'none' },
  };
  const config = configSchema.parse({
    hosts: { box },
    probe_ms: 1_000,
    backoff: { initial_ms: 50, max_ms: 100 },
    templates: { written: "codex exec --json '{prompt}'", cannot: "printf %s '{prompt}'" },
  });
  api = await startTestApi(space.temporal, { config: { ...config } });
  hosts = await startHostWorkers(
    {
      environment: readEnvironment(),
      config,
      stateDir: { path: root } as RoleDeps['stateDir'],
      temporal: space.temporal,
      logger: pino({ level: 'silent' }),
      bundlePath: '',
    },
    { blobs: api.blobs },
  );
});

afterAll(async () => {
  await hosts?.stop();
  await api?.stop();
  await control?.stop();
  await sshd?.stop();
  await space?.close();
  if (root) rmSync(root, { recursive: true, force: true });
});

async function create(fields: Record<string, unknown>) {
  const body = {
    title: 'a task',
    body: 'Do it.',
    labels: ['agent:code'],
    execution_mode: 'ssh_cli',
    ...fields,
  };
  const answer = await api.post('/tasks', body);
  expect(answer.status).toBe(201);
  const at = `/tasks/${encodeURIComponent(answer.body.id)}`;
  const becomes = (status: string, attempts: number) =>
    waitUntil(
      async () => {
        const { body: task } = await api.get(at);
        return task.status === status && workedOn(task).length === attempts ? task : false;
      },
      { what: `${at} to be ${status}, with ${attempts} attempts`, timeoutMs: 60_000 },
    );
  const reject = () => api.post(`${at}/review`, { verdict: 'rejected', findings: [{ message: 'Not yet.' }] });
  return { becomes, reject };
}

describe('a task whose review was rejected', () => {
  const REVIEWED = { template: 'codex-cli', review: 'required', max_retries: 1 };
  const SESSION = { session_id: 'thread-1', session_at: 'box/codex-cli' };

  it('goes on in its session', async () => {
    const task = await create(REVIEWED);
    const first = await task.becomes('review_pending', 1);
    expect(first.receipt.summary).toContain(`[${CALLED} -]`);
    expect(first.checkpoint).toEqual(SESSION);
    expect((await task.reject()).status).toBe(200);
    const second = await task.becomes('review_pending', 2);
    expect(second.receipt.summary).toContain(`[${CALLED} resume thread-1 -]`);
    expect(second).toMatchObject({ checkpoint: SESSION, review_count: 1, retry_count: 0 });
  });

  it('begins afresh, at no cost, where the session is gone', async () => {
    const task = await create(REVIEWED);
    await task.becomes('review_pending', 1);
    writeFileSync(join(root, 'codex', 'gone'), '');
    await task.reject();
    const third = await task.becomes('review_pending', 3);
    expect(workedOn(third)[1]?.failure?.code).toBe('session_not_found');
    expect(third.receipt.summary).toContain(`[${CALLED} -]`);
    expect(third).toMatchObject({ checkpoint: SESSION, review_count: 1, retry_count: 0 });
  });
});

describe('what is known of a change', () => {
  const LABELS = ['agent:review'];
  const body = 'Say what is wrong.';
  const affected_files = ['src/a.ts', "src/it's.ts"];
  const diff = (lines: number) =>
    `diff --git a/src/a.ts b/src/a.ts\n--- a/src/a.ts\n+++ b/src/a.ts\n@@ -0,0 +1,${lines} @@\n${'+a line\n'.repeat(lines)}`;

  it.each([3, 10_000])('is in the prompt of a review: a diff of %d lines', async (lines) => {
    const change = { diff: diff(lines), affected_files };
    const task = await create({ template: 'codex-cli', labels: LABELS, body, ...change });
    const { receipt, branch_name } = await task.becomes('completed', 1);
    const prompt = promptOf({ body: { inline: body }, labels: LABELS, branch_name }, change);
    expect(prompt).toContain(change.diff);
    expect(receipt.summary).toBe(`[${CALLED} -] ${createHash('sha256').update(prompt).digest('hex')}`);
  });

  it.each([3, 10_000])('is there for an agent that pulls: a diff of %d lines', async (lines) => {
    const change = { diff: diff(lines), affected_files };
    const labels = ['agent:elsewhere'];
    await create({ execution_mode: 'http_pull', labels, body, ...change });
    const asked = { agent_id: 'ada', capabilities: labels, wait_ms: 20_000 };
    const { status, body: got } = await api.post('/tasks/dequeue', asked);
    expect(status).toBe(200);
    expect(got.task).toMatchObject({ body, ...change });
    expect(got.task.change).toBeUndefined();
  });
});

describe('a prompt that no argument can hold', () => {
  const body = 'é\'"$(touch owned)`touch owned`\\\n'.repeat(25_000);

  it.each([
    ['codex-cli', `${CALLED} -`],
    ['written', 'exec --json'],
  ])('goes by standard input, byte for byte: %s', async (template, called) => {
    const task = await create({ template, body });
    const { receipt, branch_name } = await task.becomes('completed', 1);
    const prompt = promptOf({ body: { inline: body }, branch_name });
    const sent = createHash('sha256').update(prompt).digest('hex');
    expect(receipt.summary).toBe(`[${called}] ${sent}`);
  });

  it('fails the attempt, and says what to do, where the program cannot read it there', async () => {
    const before = readdirSync(join(root, 'runs')).length;
    const task = await create({ template: 'cannot', body, max_retries: 1 });
    const { reason } = await task.becomes('failed', 2);
    expect(reason.code).toBe('prompt_too_long');
    expect(reason.message).toMatch(/has \d{6} bytes, more than 131071.*use \{prompt_file\}/);
    expect(reason.message).not.toContain('owned');
    expect(readdirSync(join(root, 'runs'))).toHaveLength(before);
    expect(existsSync(join(root, 'owned'))).toBe(false);
  });

  it('is refused at once for a NUL in it', async () => {
    const task = { title: 't', body: 'a\0b', labels: ['agent:code'] };
    const { status, body: problem } = await api.post('/tasks', task);
    expect(status).toBe(400);
    expect(problem.errors).toEqual([
      { field: 'body', got: 'text of 3 characters', expected: 'text without NUL and unpaired surrogates' },
    ]);
  });
});
