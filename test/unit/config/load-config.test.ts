import { mkdtempSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../../../workers/config/config-error';
import { defaultConfig, loadConfig, parseConfig } from '../../../workers/config/load-config';

function problems(text: string): string[] {
  try {
    parseConfig(text, 'signalbox.yaml');
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('a config file', () => {
  it('gives every default when it is empty', () => {
    const config = parseConfig('# nothing yet\n', 'signalbox.yaml');
    expect(config).toMatchObject({ hosts: {}, default_template: 'shell', kill_grace_ms: 10_000 });
    expect(config.prompts).toEqual({ diff_max_bytes: 200_000, validation_commands: {} });
  });

  it('has the checks of repositories', () => {
    const text = 'prompts:\n  validation_commands:\n    /srv/a: [make check]\n    "*": []\n';
    expect(parseConfig(text, 'signalbox.yaml').prompts.validation_commands).toEqual({
      '/srv/a': ['make check'],
      '*': [],
    });
  });

  it('gives a host as many slots as there are cores', () => {
    const config = parseConfig('hosts:\n  box:\n    capabilities: [agent:code]\n', 'signalbox.yaml');
    expect(config.hosts.box?.slots).toBe(availableParallelism());
  });

  it.each([
    [
      'hosts:\n  local:\n    capabilities: [agent:code]\n    slots: many\n',
      '4:12',
      'hosts.local.slots',
      'expected number',
      '"many"',
    ],
    [
      'hosts:\n  local:\n    capabilities: [agent:code]\n    slots: 0\n',
      '4:12',
      'hosts.local.slots',
      '>=1',
      '0 (number)',
    ],
    [
      'hosts:\n  local:\n    slots: 2\n',
      '3:5',
      'hosts.local.capabilities',
      'expected array',
      'nothing is set',
    ],
    [
      'hosts:\n  local:\n    capabilities: [ok, 7]\n',
      '3:24',
      'hosts.local.capabilities.1',
      'expected string',
      '7 (number)',
    ],
    ['hosts:\n  local:\n    capabilities: []\n', '3:19', 'hosts.local.capabilities', '>=1', 'a list'],
    [
      'hosts:\n  local:\n    capabilities: [a]\n    tranport: local\n',
      '4:5',
      'hosts.local.tranport',
      'unknown key',
      '',
    ],
    [
      'hosts:\n  local:\n    transport: telnet\n    capabilities: [a]\n',
      '3:16',
      'hosts.local.transport',
      'local',
      '"telnet"',
    ],
    [
      'hosts:\n  "bad id":\n    capabilities: [a]\n',
      '2:3',
      'hosts.bad id',
      'expected letters, digits',
      '"bad id"',
    ],
    ['templates:\n  t:\n    argv: 7\n', '3:11', 'templates.t.argv', 'expected the program', '7 (number)'],
    ['default_timeouts:\n  lease_ms: 5\n', '2:13', 'default_timeouts.lease_ms', '>=100', '5 (number)'],
    ['- a\n- b\n', '1:1', '', 'expected object', 'a list'],
    ['presence_ms:\n', '1:13', 'presence_ms', 'expected number', 'nothing'],
  ])('%j is refused at %s', (text, position, path, expectation, got) => {
    const [first] = problems(text);
    expect(first?.startsWith(`signalbox.yaml:${position}: ${path}`)).toBe(true);
    expect(first).toContain(expectation);
    expect(first).toContain(got);
  });

  it('names the line of broken YAML', () => {
    expect(problems('hosts:\n  local: [a\n')[0]).toMatch(/^signalbox\.yaml:\d+:\d+: not valid YAML: /);
  });

  it('refuses a key that is there twice', () => {
    expect(problems('kill_grace_ms: 100\nkill_grace_ms: 200\n')[0]).toMatch(/^signalbox\.yaml:2:1: .*unique/);
  });

  it('tells every problem at once', () => {
    expect(problems('kill_grace_ms: x\npresence_ms: y\n')).toHaveLength(2);
  });

  it('does not show what may be a secret', () => {
    expect(problems('api_token: hunter2hunter2\n').join()).not.toContain('hunter2');
    expect(problems('backoff:\n  initial_ms: x\n').join()).toContain('"x"');
  });
});

describe('finding the config file', () => {
  const empty = () => mkdtempSync(join(tmpdir(), 'signalbox-config-'));

  it('runs the local host where there is none', () => {
    expect(loadConfig(null, empty())).toEqual(defaultConfig());
    expect(defaultConfig().hosts).toEqual({
      local: { transport: 'local', capabilities: ['agent:code'], slots: availableParallelism() },
    });
  });

  it('takes ./signalbox.yaml', () => {
    const folder = empty();
    writeFileSync(join(folder, 'signalbox.yaml'), 'kill_grace_ms: 123\n');
    expect(loadConfig(null, folder).kill_grace_ms).toBe(123);
  });

  it('refuses a named file that is not there', () => {
    expect(() => loadConfig('elsewhere.yaml', empty())).toThrow(
      /elsewhere\.yaml:1:1: cannot be read: there is no/,
    );
  });
});

describe('the templates of a config file', () => {
  it.each([
    [
      'templates:\n  t:\n    argv: codex exec | tee log\n',
      '3:11: templates.t.argv',
      'character 12 is "|", which means a pipe',
    ],
    ["templates:\n  t: codex exec '\n", '2:6: templates.t', "the ' at character 12 is not closed"],
    ['templates:\n  t:\n    cli: codex\n', '3:5: templates.t', 'expected argv, or base'],
    ['templates:\n  t:\n    argv: [x, 7]\n', 'templates.t.argv', 'expected'],
    ['default_template: nowhere\n', '1:19: default_template', 'expected a template of this file'],
    ['templates:\n  shell:\n    env: {A: [1]}\n', 'templates.shell.env.A', 'expected a text'],
  ])('%j is refused at %s', (text, place, why) => {
    const [problem] = problems(text);
    expect(problem).toContain(place);
    expect(problem).toContain(why);
  });

  it('are told without what could be a secret', () => {
    const [problem] = problems('templates:\n  shell:\n    env: {A: {from_env: "sk-hush"}}\n');
    expect(problem).toContain('templates.shell.env.A');
    expect(problem).not.toContain('hush');
  });

  it('may be lines, and may change what is built in', () => {
    const text = "templates:\n  mine: codex exec --json '{prompt}'\n  claude-code: {model: opus}\n";
    expect(parseConfig(text, 'signalbox.yaml').templates).toEqual({
      mine: { argv: "codex exec --json '{prompt}'" },
      'claude-code': { model: 'opus' },
    });
  });
});

describe('the forges of a config file', () => {
  const forge = (kind: string, more = '') =>
    `forges:\n  main:\n    kind: ${kind}\n    token: {from_env: T}\n    webhook_secret: {from_env: S}\n${more}`;

  it('need a URL unless it is GitHub, and nothing else', () => {
    expect(parseConfig(forge('github'), 'signalbox.yaml').forges.main).toMatchObject({
      issue_labels: ['signalbox'],
      review: { by: 'people', approve_at: 0.9 },
    });
    const text = forge('forgejo', '    url: https://forge.example\n');
    expect(parseConfig(text, 'signalbox.yaml').forges.main?.url).toBe('https://forge.example');
  });

  it.each([
    [forge('gitea'), '3:5: forges.main.url: expected the URL of the forge'],
    [
      forge('github', '    template: nowhere\n'),
      '6:15: forges.main.template: expected a template of this file',
    ],
    [
      forge('github', '    review: {template: nowhere}\n'),
      'forges.main.review.template: expected a template',
    ],
    [forge('gitlab'), '3:11: forges.main.kind'],
    ['forges:\n  Main: {}\n', '2:3: forges.Main: expected lower-case letters'],
    ['forges:\n  main:\n    token: hush-hush\n', 'forges.main.token: expected {from_env: NAME}'],
  ])('%j is refused: %s', (text, told) => {
    const all = problems(text).join('\n');
    expect(all).toContain(told);
    expect(all).not.toContain('hush');
  });
});
