import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { configSchema } from '../../../contracts/config';
import { resolveSources, resolveWebhooks, SourcesError } from '../../../workers/config/sources';

const home = mkdtempSync(join(tmpdir(), 'signalbox-sources-'));
const file = (name: string, content: string) => {
  writeFileSync(join(home, name), content);
  return { from_file: `~/${name}` };
};
const variables: Record<string, string> = {
  TOKEN: 'tok-1',
  HOOK: 'hook-1',
  BLANK: '  ',
  LINES: 'hunter2\nhunter3',
};
const environment = { home, variable: (name: string) => variables[name] ?? null };

const config = (over: Record<string, unknown> = {}, name = 'main') =>
  configSchema.parse({
    forges: {
      [name]: {
        kind: 'forgejo',
        url: 'https://forge.example',
        token: { from_env: 'TOKEN' },
        webhook_secret: { from_env: 'HOOK' },
        ...over,
      },
    },
  });

afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('the secrets of a source', () => {
  it('come from the environment, and from files without their last line break', () => {
    const sources = resolveSources(config({ review: { token: file('reviewer', 'tok-2\r\n') } }), environment);
    expect(sources.get('main')).toMatchObject({
      token: 'tok-1',
      reviewToken: 'tok-2',
      config: { kind: 'forgejo' },
    });
    const hooks = resolveWebhooks(config({ webhook_secret: file('hook', ' hook-2 \n') }), environment);
    expect(hooks.get('main')).toMatchObject({ webhookSecret: 'hook-2' });
  });

  it('are none where there are no forges', () => {
    expect(resolveSources(configSchema.parse({}), environment).size).toBe(0);
    expect(resolveWebhooks(configSchema.parse({}), environment).size).toBe(0);
  });

  it('are looked at by the role that needs them alone', () => {
    const without = { from_env: 'NOT_THERE' };
    expect(resolveSources(config({ webhook_secret: without }), environment).size).toBe(1);
    expect(resolveWebhooks(config({ token: without }), environment).size).toBe(1);
    expect(resolveSources(config(), environment).get('main')?.reviewToken).toBeNull();
  });

  it.each([
    ['token', { token: { from_env: 'NOPE' } }, 'the environment variable NOPE is not set, or empty'],
    ['token', { token: { from_env: 'BLANK' } }, 'the environment variable BLANK is not set, or empty'],
    ['token', { token: { from_file: '/nowhere/x' } }, 'the file /nowhere/x cannot be read (ENOENT)'],
    ['token', { token: file('empty', '\n') }, 'the file ~/empty is empty'],
    ['token', { token: { from_env: 'LINES' } }, 'expected one line, without control characters'],
    ['review.token', { review: { token: { from_env: 'NOPE' } } }, 'the environment variable NOPE'],
  ])('that are missing stop the start: %s %j', (field, over, problem) => {
    expect(() => resolveSources(config(over), environment)).toThrow(SourcesError);
    expect(() => resolveSources(config(over), environment)).toThrow(`forges.main.${field}: ${problem}`);
  });

  it('are told all at once when they are missing, and never shown', () => {
    const bad = config({ token: { from_env: 'LINES' }, review: { token: { from_env: 'NOPE' } } });
    let told = '';
    try {
      resolveSources(bad, environment);
    } catch (error) {
      told = String(error);
    }
    expect(told.split('\n')).toHaveLength(2);
    expect(told).not.toContain('hunter');
    expect(() => resolveWebhooks(config({ webhook_secret: { from_env: 'NOPE' } }), environment)).toThrow(
      'forges.main.webhook_secret: the environment variable NOPE',
    );
  });
});
