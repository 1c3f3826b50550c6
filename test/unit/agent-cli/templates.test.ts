import { describe, expect, it } from '@jest/globals';
import { allTemplates, findTemplate, TemplateError } from '../../../activities/agent-cli/templates';
import { BUILT_IN_TEMPLATES, type Template, templateSchema } from '../../../contracts/template';

const one = (template: Template | string, name = 't') => {
  const found = findTemplate(name, { [name]: templateSchema.parse(template) });
  if (!found) throw new Error('no template');
  return found;
};

describe('built-in templates', () => {
  it('are there without a config file', () => {
    expect([...allTemplates({}).keys()]).toEqual([...BUILT_IN_TEMPLATES]);
    expect(findTemplate('other', {})).toBeNull();
    expect(findTemplate('constructor', {})).toBeNull();
  });

  it('of agents get the prompt by standard input and can edit, commit and be read', () => {
    expect(findTemplate('codex-cli', {})).toMatchObject({
      argv: expect.arrayContaining(['--json', '--skip-git-repo-check', '--sandbox', '-']),
      cli: 'codex',
      program: 'codex',
      version: ['codex', '--version'],
      login: { command: ['codex', 'login', 'status'] },
    });
    expect(findTemplate('claude-code', {})).toMatchObject({
      argv: expect.arrayContaining(['-p', '--output-format', 'json', '--dangerously-skip-permissions']),
      cli: 'claude',
      env: { CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1' },
    });
    expect(findTemplate('gemini', {})?.cli).toBe('gemini');
    expect(findTemplate('opencode', {})).toMatchObject({ cli: 'opencode', login: null });
    for (const { argv, prompt } of [...allTemplates({}).values()].slice(1)) {
      expect(argv.flat().join(' ')).not.toContain('{prompt');
      expect(prompt).toBe('prompt');
    }
  });

  it.each([
    ['codex-cli', 'codex exec --json --skip-git-repo-check --sandbox danger-full-access -'],
    [
      'claude-code',
      `claude -p --output-format json --dangerously-skip-permissions --settings {"verbose":false}`,
    ],
    ['gemini', 'gemini --output-format json --approval-mode yolo'],
    ['opencode', 'opencode run --format json'],
  ])('%s is what the documentation says', (name, line) => {
    const argv = findTemplate(name, {})?.argv.filter((argument) => typeof argument === 'string');
    expect(argv?.join(' ')).toBe(line);
  });

  it('shell runs the body as it is', () => {
    expect(findTemplate('shell', {})).toMatchObject({
      argv: ['sh', '{prompt_file}'],
      cli: 'text',
      prompt: 'script',
      version: null,
      login: null,
    });
  });

  it('are changed by name, or by base, without their arguments written again', () => {
    const changed = one({ model: 'opus', env: { A: '1' } }, 'claude-code');
    expect(changed).toMatchObject({
      cli: 'claude',
      model: 'opus',
      env: { A: '1', DISABLE_AUTOUPDATER: '1' },
    });
    expect(one({ base: 'claude-code', model: 'haiku' })).toMatchObject({ cli: 'claude', model: 'haiku' });
    expect(one({ argv: ['mine'] }, 'shell')).toMatchObject({ argv: ['mine'], prompt: 'prompt', env: {} });
  });
});

describe('a template of the config file', () => {
  it('may be a line, as users write it', () => {
    expect(one("codex exec --json '{prompt}'")).toMatchObject({
      argv: ['codex', 'exec', '--json', '{prompt}'],
      cli: 'codex',
      readsStdin: true,
      version: ['codex', '--version'],
    });
  });

  it('of a known program is read as what it prints', () => {
    expect(one({ argv: ['codex', 'exec', '{prompt}'] }).cli).toBe('text');
    expect(one({ argv: ['/opt/bin/claude', '-p', '--output-format', 'json'] })).toMatchObject({
      cli: 'claude',
      version: ['/opt/bin/claude', '--version'],
      login: { command: ['/opt/bin/claude', 'auth', 'status', '--json'] },
    });
    expect(one({ argv: ['codex', '--json'], cli: 'receipt' }).cli).toBe('receipt');
  });

  it('of another program is not started to be looked at, unless it says how', () => {
    expect(one({ argv: ['deploy', '{prompt}'] })).toMatchObject({ version: null, login: null, cli: 'text' });
    expect(one({ argv: ['x'], version: 'x -v', login: ['x', 'whoami'] })).toMatchObject({
      version: ['x', '-v'],
      login: { command: ['x', 'whoami'], denial: null },
    });
    expect(one({ base: 'codex-cli', login: null }).login).toBeNull();
  });

  it('with a provider of its own needs no login', () => {
    expect(one({ argv: ['codex', 'exec', '--json', '-c', 'model_provider=m', '-'] }).login).toBeNull();
  });

  it.each([
    [{}, 'expected argv, or base'],
    ['codex exec | tee log', 'character 12'],
    ['KEY=1 codex exec', 'belongs in env'],
    ['  ', 'expected a program'],
    [{ argv: 'a $(b)' }, 'an expansion'],
    [{ argv: ['x'], login: 'a; b' }, 'the end of a command'],
    [{ argv: ['sh', '-c', 'agent "{prompt}"'] }, 'it would run the prompt'],
    [{ argv: ['env', '/bin/bash', '-ec', 'cd {branch}'] }, 'it would run the prompt'],
  ])('%j is refused: %s', (template, why) => {
    expect(() => one(template as Template)).toThrow(TemplateError);
    expect(() => one(template as Template)).toThrow(why);
  });

  it('may run a shell that gets the prompt as an argument', () => {
    expect(one({ argv: ['sh', '-c', 'agent "$1"', 'sh', '{prompt}'] }).program).toBe('sh');
  });
});

describe('the schema of an environment', () => {
  it.each([
    [{ A: 'x', B: { from_env: 'C' }, D: { from_file: '~/d' } }, true],
    [{ A: { from_file: 'relative' } }, false],
    [{ A: { from_env: 'not a name' } }, false],
    [{ A: { from_env: 'X', from_file: '/x' } }, false],
    [{ 'A-B': 'x' }, false],
    [{ SIGNALBOX_TASK_ID: 'x' }, false],
    [{ A: 1 }, false],
  ])('%j is taken: %s', (env, taken) => {
    expect(templateSchema.safeParse({ argv: ['x'], env }).success).toBe(taken);
  });
});
