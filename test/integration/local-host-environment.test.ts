/** What a run finds in its environment, and where the secrets among it must not be found. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { localHost } from '../helpers/local-host';
import { waitUntil } from '../helpers/wait-until';

const SECRET = 's3ntinel-\'$(touch OWNED)`"\n\\-key';
let host: ReturnType<typeof localHost>;
let home: string | null = null;
afterEach(async () => {
  await host.close();
  if (home) rmSync(home, { recursive: true });
  home = null;
});

function secretHost(env: Record<string, string | { from_env: string } | { from_file: string }>) {
  home = mkdtempSync(join(tmpdir(), 'signalbox-home-'));
  writeFileSync(join(home, 'key'), `${SECRET}\n`);
  const logged: unknown[] = [];
  const log = (...line: unknown[]) => void logged.push(line);
  host = localHost({
    templates: {
      agent: { argv: ['sh', '-c', 'printenv "$0"; while [ ! -e go ]; do sleep 0.05; done', 'KEY'], env },
    },
    values: { home, variable: (name) => (name === 'CLAUDE_API_KEY' ? SECRET : null) },
    logger: { info: log, warn: log },
  });
  return { logged };
}

/** Of every process: its arguments. */
const allArguments = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    })
    .join('\n');

describe('a secret of a template', () => {
  it.each([[{ from_env: 'CLAUDE_API_KEY' }], [{ from_file: '~/key' }]])(
    'from %j reaches the run and nothing else',
    async (value) => {
      const { logged } = secretHost({ KEY: value });
      const request = host.request({ template: 'agent' });
      const started = await host.activities.startRun(request);
      const out = join(started.run_dir, 'out');
      await waitUntil(() => existsSync(out) && readFileSync(out, 'utf8').length > 0, { what: 'the agent' });
      expect(readFileSync(out, 'utf8')).toBe(`${SECRET}\n`);
      expect(allArguments()).not.toContain('s3ntinel');
      expect(JSON.stringify(started)).not.toContain('s3ntinel');
      expect(existsSync(join(started.run_dir, 'env'))).toBe(false);
      for (const name of readdirSync(started.run_dir)) {
        const file = join(started.run_dir, name);
        expect(statSync(file).mode & 0o077).toBe(0);
        if (name !== 'out') expect(readFileSync(file, 'utf8')).not.toContain('s3ntinel');
      }
      writeFileSync(join(started.work_dir, 'go'), '');
      await host.follow(request, started).outcome;
      expect(JSON.stringify(logged)).not.toContain('s3ntinel');
      expect(existsSync(join(started.work_dir, 'OWNED'))).toBe(false);
    },
  );

  it('that is not there is said before anything starts', async () => {
    secretHost({ KEY: { from_env: 'GONE' } });
    await expect(host.activities.startRun(host.request({ template: 'agent' }))).rejects.toMatchObject({
      type: 'env_missing',
      nonRetryable: true,
      message: expect.stringContaining('KEY: the host worker has no environment variable GONE'),
    });
  });
});

describe('the environment of a run', () => {
  it('may use names that mean something to the launcher, and says where programs are', async () => {
    home = mkdtempSync(join(tmpdir(), 'signalbox-home-'));
    writeFileSync(join(home, 'my-agent'), '#!/bin/sh\necho "$run $work_dir $attempt $HOME_OF"\n', {
      mode: 0o755,
    });
    const own = { run: 'a', work_dir: 'b', attempt: 'c', HOME_OF: 'host' };
    host = localHost({
      templates: {
        agent: { argv: ['my-agent'], env: { PATH: `${home}:/usr/bin:/bin`, HOME_OF: 'template' } },
      },
      hostEnv: own,
    });
    const outcome = await host.run({ template: 'agent' });
    expect(outcome.receipt?.summary).toBe('a b c template');
  });
});
