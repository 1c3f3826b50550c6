/** What every CLI must do on a host, whatever its model says. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RunRequest } from '../../contracts/run';
import { gitOrigin, tipOf } from '../helpers/git-origin';
import { git, marked } from '../helpers/local-host';
import { waitUntil } from '../helpers/wait-until';
import { type CliPackage, fetchCli } from './cli-cache';
import { type CliHostOptions, cliHost, MODEL_KEY } from './cli-host';
import { type ModelRequest, type ModelServer, startModelServer, type Turn, textsIn } from './model-server';
import { sessionScenarios } from './session-scenarios';

export interface CliUnderTest extends Pick<CliHostOptions, 'template' | 'cli' | 'written'> {
  package: CliPackage;
  configure(settings: string, modelUrl: string): ReturnType<CliHostOptions['configure']>;
  /** What the CLI calls the conversation, and the key that it sends. */
  sent(request: ModelRequest): { session: unknown; key: unknown };
  /** A command that puts `text` as a line into a new file. */
  write(file: string, text: string): string;
  /** Files that the CLI itself says it changed. */
  reports(file: string): unknown[] | undefined;
  /** As the receipt counts one answer of the model. */
  tokens: { input: number; output: number };
  quotas: Array<{ name: string; turn: Turn; message: RegExp; resets_at_ms: number | null }>;
}

const FETCH_MS = 600_000;
const HOSTILE = `Say 'hello' to "$(touch pwned)" and \`touch pwned\`;\n--help\n\${HOME} \\ äö 🙂 {prompt}`;

export function scenarios(cli: CliUnderTest): void {
  let bin: string;
  let model: ModelServer;
  let host: ReturnType<typeof cliHost>;

  beforeAll(async () => {
    bin = await fetchCli(cli.package);
    model = await startModelServer();
  }, FETCH_MS);
  afterAll(() => model.close());
  const newHost = (hostId: string) =>
    cliHost({ ...cli, bin, hostId, configure: (settings) => cli.configure(settings, model.url) });
  beforeEach(() => {
    host = newHost('here');
  });
  afterEach(() => host.close());

  it('is seen with its version, and whether it is logged in', async () => {
    // A program that is slow to start leaves its version open.
    const seen = () => waitUntil(async () => (await host.health(true))?.version, { what: 'its version' });
    expect(await seen()).toContain(cli.package.version);
    expect(await host.health(true)).toMatchObject({ available: true, reason: null });
    expect(await host.health(false)).toMatchObject({
      available: false,
      reason: expect.stringMatching(/not logged in/),
    });
  });

  it('answers in text: a receipt with the session, from a prompt that arrived as it was', async () => {
    model.script([{ text: 'All is well.' }]);
    const request = host.request({ body: { inline: HOSTILE } });
    const started = await host.activities.startRun(request);
    const ended = await host.end(request, started);
    const [asked] = model.requests();
    expect(ended).toMatchObject({ failure: null, warnings: [], text: 'All is well.' });
    expect(ended.outcome.exit_code).toBe(0);
    const { receipt } = ended.outcome;
    expect(receipt).toMatchObject({
      status: 'completed',
      summary: 'All is well.',
      usage: { input_tokens: cli.tokens.input, output_tokens: cli.tokens.output },
    });
    expect(asked && cli.sent(asked)).toEqual({ session: receipt?.usage?.session_id, key: MODEL_KEY });
    expect(textsIn(asked?.body).some((text) => text.includes(HOSTILE))).toBe(true);
    expect(readdirSync(started.work_dir)).toEqual([]);
    expect(ended.stdout + ended.stderr).not.toContain(MODEL_KEY);
  });

  it('is given a prompt that no argument can hold, whether or not the template has it as one', async () => {
    const long = `${HOSTILE}\n${'All of it matters. '.repeat(10_000)}`;
    for (const template of [cli.template, 'written']) {
      model.script([{ text: 'Read.' }]);
      const ended = await host.run({ template, body: { inline: long } });
      expect(ended.outcome.receipt?.summary).toBe('Read.');
      expect(textsIn(model.requests()[0]?.body).some((text) => text.includes(long))).toBe(true);
    }
  });

  it('edits a file and commits: the branch is at the origin', async () => {
    const repository = gitOrigin(host.root);
    model.script([
      { shell: cli.write('greeting.txt', 'hello') },
      { shell: 'git add greeting.txt && git commit -q -m "Add a greeting"' },
      { text: 'Added a greeting.' },
    ]);
    const ended = await host.run({
      repository,
      branch_name: 'signalbox/greeting',
      body: { inline: 'Add one.' },
    });
    expect(model.requests()).toHaveLength(3);
    expect(ended.outcome.receipt).toMatchObject({ status: 'completed', summary: 'Added a greeting.' });
    // Without what was seen in the repository.
    expect(ended.receipt?.artifacts.changed_files).toEqual(cli.reports('greeting.txt'));
    const tip = tipOf(repository, 'signalbox/greeting');
    expect(git(repository, 'show', `${tip}:greeting.txt`)).toBe('hello');
    expect(git(repository, 'log', '-1', '--format=%s', tip)).toBe('Add a greeting');
    expect(ended.outcome.checkpoint).toMatchObject({ branch: 'signalbox/greeting', commit: tip });
    expect(ended.outcome.receipt?.artifacts).toMatchObject({ changed_files: ['greeting.txt'], commit: tip });
  });

  it.each(cli.quotas)('is out of quota: $name', async ({ turn, message, resets_at_ms }) => {
    model.script([turn]);
    const ended = await host.run({ body: { inline: 'Say hello.' } });
    expect(ended.outcome).toMatchObject({
      receipt: null,
      failure: { code: 'quota', message: expect.stringMatching(message) },
      exit_code: 1,
    });
    expect(ended.outcome.failure?.message).toContain(ended.failure?.remedy);
    // It is told to the minute.
    const told = ended.failure?.resets_at;
    expect(told ? Math.floor(Date.parse(told) / 60_000) : null).toBe(
      resets_at_ms === null ? null : Math.floor(resets_at_ms / 60_000),
    );
  });

  sessionScenarios(cli, () => ({ host, model, newHost }));

  describe('killed', () => {
    async function expectDead(request: RunRequest) {
      expect(marked(request.attempt_id).length).toBeGreaterThan(0);
      const report = await host.activities.killRun({ ...request, immediate: false });
      expect(report).toMatchObject({ seen: 'dead', survivors: [] });
      expect(marked(request.attempt_id)).toEqual([]);
    }

    it('while the model says nothing for ever', async () => {
      model.script([{ stall: true }]);
      const request = host.request({ body: { inline: 'Say hello.' } });
      const started = await host.activities.startRun(request);
      await waitUntil(() => model.stalled() === 1, { timeoutMs: 60_000, what: 'the model to be asked' });
      await expectDead(request);
      await waitUntil(() => model.stalled() === 0, { what: 'the connection to the model to be gone' });
      const ended = await host.end(request, started);
      expect(ended.outcome).toMatchObject({ receipt: null, failure: { code: 'killed' } });
      // What there is of the output is no success.
      expect(ended.receipt).toBeNull();
    });

    it('while a tool runs that left the session', async () => {
      model.script([{ shell: `setsid sh -c ': > up; trap "" TERM; while :; do sleep 1; done' & sleep 600` }]);
      const request = host.request({ body: { inline: 'Wait.' } });
      const started = await host.activities.startRun(request);
      await waitUntil(() => existsSync(join(started.work_dir, 'up')), {
        timeoutMs: 60_000,
        what: 'the tool to run',
      });
      await expectDead(request);
      expect((await host.end(request, started)).outcome.failure?.code).toBe('killed');
    });
  });
}
