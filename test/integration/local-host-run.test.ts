import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { localHost } from '../helpers/local-host';
import { promptOf } from '../helpers/prompt-of';

let host: ReturnType<typeof localHost>;
afterEach(() => host.close());

const node = (code: string, ...args: string[]) => [process.execPath, '-e', code, ...args];
const print = (text: string) => node('process.stdout.write(process.argv[1])', text);

describe('the shell template', () => {
  it('makes exit code 0 and the last lines of output a receipt', async () => {
    host = localHost();
    const outcome = await host.run({ script: 'echo first\necho\necho "in $PWD"\necho noise >&2\n' });
    expect(outcome.failure).toBeNull();
    expect(outcome.receipt?.summary).toMatch(/^first\nin .*\/work\/task-[^/]*$/);
    expect(outcome.receipt).toMatchObject({
      status: 'completed',
      artifacts: {},
      output_ref: outcome.output_ref,
    });
    expect(outcome.exit_code).toBe(0);
    const output = await host.blobs.read(outcome.output_ref ?? '');
    expect(Buffer.from(output ?? []).toString()).toMatch(/^first\n\nin /);
  });

  it('fails with the end of stderr when the exit code is not 0', async () => {
    host = localHost();
    const request = host.request({ script: 'echo out; echo "cannot find it" >&2; exit 7' });
    const outcome = await host.follow(request, await host.activities.startRun(request)).outcome;
    expect(outcome.receipt).toBeNull();
    expect(outcome.failure).toEqual({
      code: 'exit_code',
      message:
        'the agent ended with exit code 7: cannot find it\n' +
        'Read the end of stderr in the message, and the whole output.',
    });
    expect(outcome.exit_code).toBe(7);
    const kept = await host.blobs.read(`output:${request.attempt_id}:err`);
    expect(Buffer.from(kept ?? []).toString()).toBe('cannot find it\n');
  });

  it('tells how long the agent ran', async () => {
    host = localHost();
    const { duration_ms } = await host.run({ script: 'sleep 0.4' });
    expect(duration_ms).toBeGreaterThanOrEqual(390);
    expect(duration_ms).toBeLessThan(5_000);
  });

  it('gives the agent the task, and nothing of the environment of Signalbox', async () => {
    process.env.SIGNALBOX_ADMIN_TOKEN = 'top-secret';
    try {
      host = localHost();
      const request = host.request({ script: 'env; ls -l /proc/$$/fd | cat' });
      const started = await host.activities.startRun(request);
      await host.follow(request, started).outcome;
      const output = Buffer.from((await host.blobs.read(`output:${request.attempt_id}`)) ?? []).toString();
      expect(output).not.toContain('top-secret');
      expect(output).toContain(`SIGNALBOX_ATTEMPT=${request.attempt_id}\n`);
      expect(output).toContain(`SIGNALBOX_TASK_ID=${request.task_id}\n`);
      expect(output).toContain('SIGNALBOX_BRANCH=signalbox/task\n');
      expect(output).toContain(`SIGNALBOX_WORK_DIR=${started.work_dir}\n`);
      expect(output).toMatch(/^HOME=/m);
      expect(output).toMatch(/ 0 -> \/dev\/null$/m);
    } finally {
      delete process.env.SIGNALBOX_ADMIN_TOKEN;
    }
  });

  it('leaves signals as an agent expects them', async () => {
    host = localHost();
    // SIGINT is bit 2, SIGHUP bit 1, SIGPIPE bit 13 of the ignored set.
    const outcome = await host.run({ script: "sed -n 's/^SigIgn:\\s*//p' /proc/$$/status" });
    expect(Number.parseInt(outcome.receipt?.summary ?? 'f', 16) & 0b1_0000_0000_0011).toBe(0);
  });

  it('runs a body that came as a blob', async () => {
    host = localHost();
    const { ref, bytes } = await host.blobs.put(`# ${'long '.repeat(50_000)}\necho from a blob\n`);
    const outcome = await host.run({ body: { ref, bytes } });
    expect(outcome.receipt?.summary).toBe('from a blob');
  });

  it('keeps what it wrote from other users', async () => {
    host = localHost();
    const request = host.request({ script: 'echo done' });
    const { run_dir } = await host.activities.startRun(request);
    for (const file of ['prompt', 'task', 'command'])
      expect(statSync(join(run_dir, file)).mode & 0o077).toBe(0);
    expect(statSync(run_dir).mode & 0o077).toBe(0);
    await host.follow(request, { ...(await host.activities.startRun(request)) }).outcome;
  });
});

describe('templates of the config file', () => {
  /** What a prompt has beside the body, in bytes. */
  const OVERHEAD = Buffer.byteLength(promptOf({ body: { inline: '' } }));
  const receipt = JSON.stringify({
    status: 'completed',
    summary: 'did it',
    artifacts: { pr_url: 'https://x.test/1' },
  });

  it('json: standard output is the receipt', async () => {
    host = localHost({ templates: { agent: { argv: print(receipt), cli: 'receipt' } } });
    const outcome = await host.run({ template: 'agent' });
    expect(outcome.receipt).toMatchObject({ summary: 'did it', artifacts: { pr_url: 'https://x.test/1' } });
  });

  it('json: what is no receipt fails, and is kept', async () => {
    const printed = `${receipt.slice(1)} trailing words`;
    host = localHost({ templates: { agent: { argv: print(printed), cli: 'receipt' } } });
    const outcome = await host.run({ template: 'agent' });
    expect(outcome.receipt).toBeNull();
    expect(outcome.failure?.code).toBe('malformed_output');
    expect(outcome.failure?.message).not.toContain('trailing');
    const kept = await host.blobs.read(outcome.output_ref ?? '');
    expect(Buffer.from(kept ?? []).toString()).toBe(printed);
  });

  it('json: a receipt that says failed is a failure', async () => {
    const argv = print('{"status":"failed","summary":"no way"}');
    host = localHost({ templates: { agent: { argv, cli: 'receipt' } } });
    const outcome = await host.run({ template: 'agent' });
    expect(outcome.failure).toMatchObject({
      code: 'agent_failed',
      message: expect.stringMatching(/^no way\n/),
    });
  });

  it('a program that is not there fails the attempt', async () => {
    host = localHost({ templates: { agent: { argv: ['no-such-agent', '{prompt}'] } } });
    const outcome = await host.run({ template: 'agent', script: 'x' });
    expect(outcome.failure).toMatchObject({
      code: 'missing_cli',
      message: expect.stringMatching(/exit code 127.*\nInstall the CLI on the host/),
    });
  });

  it('a prompt too long for an argument is refused before anything is touched', async () => {
    host = localHost({ templates: { agent: { argv: ['echo', '{prompt}'] } } });
    const request = host.request({ template: 'agent', script: 'x'.repeat(131_072 - OVERHEAD) });
    await expect(host.activities.startRun(request)).rejects.toMatchObject({
      type: 'prompt_too_long',
      nonRetryable: true,
      message: expect.stringContaining('131072 bytes, more than 131071'),
    });
    expect(existsSync(join(host.root, 'runs'))).toBe(false);
  });

  it('the longest argument that there can be arrives', async () => {
    const argv = node('process.stdout.write(String(Buffer.byteLength(process.argv[1])))', '{prompt}');
    host = localHost({ templates: { agent: { argv } } });
    const outcome = await host.run({ template: 'agent', script: 'x'.repeat(131_071 - OVERHEAD) });
    expect(outcome.receipt?.summary).toBe('131071');
  });

  it('a template that nobody knows is refused', async () => {
    host = localHost();
    await expect(host.activities.startRun(host.request({ template: 'nope' }))).rejects.toMatchObject({
      type: 'template_unknown',
      message: 'template "nope": host local has shell, codex-cli, claude-code, gemini, opencode',
    });
  });

  it('a body that is not in the store is refused', async () => {
    host = localHost();
    const body = { ref: `sha256:${'0'.repeat(64)}`, bytes: 3 };
    await expect(host.activities.startRun(host.request({ body }))).rejects.toMatchObject({
      type: 'body_missing',
    });
  });
});

it('the record of a run says how it ended', async () => {
  host = localHost();
  const request = host.request({ script: 'exit 3' });
  const started = await host.activities.startRun(request);
  await host.follow(request, started).outcome;
  expect(readFileSync(join(started.run_dir, 'rc'), 'utf8')).toMatch(
    /^code=3\nreason=exit\nsurvivors=\nended_at=\d{10}\nutc_offset=[+-]\d{4}\nduration_ms=\d+\n+$/,
  );
});
