import { describe, expect, it } from '@jest/globals';
import { promptOf } from '../../activities/agent-cli/prompt';
import { ArgumentError, findTemplate, promptByStdin, renderArgv } from '../../activities/agent-cli/templates';
import { hostEnvironment } from '../../activities/ssh/host-environment';
import { redact } from '../../activities/workspace/redact';
import { isLocalRepository, mirrorName, runName, workName } from '../../activities/workspace/work-name';

const values = { prompt: 'P', prompt_file: '/run/prompt', work_dir: '/w', task_id: 'o/r#1', branch: 'b' };

describe('templates', () => {
  it('shell is built in; one of the config file goes before it', () => {
    expect(findTemplate('shell', {})).toEqual({
      argv: ['sh', '{prompt_file}'],
      output: 'text',
      prompt: 'script',
    });
    expect(findTemplate('shell', { shell: { argv: ['x'], output: 'json' } })?.argv).toEqual(['x']);
    expect(findTemplate('other', {})).toBeNull();
    expect(findTemplate('constructor', {})).toBeNull();
  });

  it('fills in each element, each time, and leaves other braces', () => {
    expect(
      renderArgv(['-C{work_dir}', '{task_id}@{branch}', '{prompt}{prompt}', '{name="m"}', '{x}'], values),
    ).toEqual(['-C/w', 'o/r#1@b', 'PP', '{name="m"}', '{x}']);
  });

  it('a value is not looked into', () => {
    expect(renderArgv(['{prompt}'], { ...values, prompt: '{branch} $& $1' })).toEqual(['{branch} $& $1']);
  });

  it.each([
    ['131 071 bytes', 'x'.repeat(131_071), true],
    ['131 072 bytes', 'x'.repeat(131_072), false],
    ['bytes, not characters', 'é'.repeat(65_536), false],
    ['NUL', 'a\0b', false],
  ])('the limit of an argument: %s', (_, prompt, fits) => {
    const render = () => renderArgv(['{prompt}'], { ...values, prompt });
    if (fits) expect(render()).toHaveLength(1);
    else expect(render).toThrow(ArgumentError);
  });

  it('a message does not tell the prompt', () => {
    expect(() => renderArgv(['{prompt}'], { ...values, prompt: `hush\0` })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hush') }),
    );
  });

  it.each([
    [['cat'], true],
    [['cat', '{work_dir}'], true],
    [['cat', '-p={prompt}'], false],
    [['cat', '{prompt_file}'], false],
  ])('%j reads the prompt from standard input: %s', (argv, expected) => {
    expect(promptByStdin(argv)).toBe(expected);
  });
});

describe('prompt', () => {
  it('is the body', () => expect(promptOf('body', [])).toBe('body'));
  it('and the findings', () => {
    const text = promptOf('body', [
      { message: 'one' },
      { file: 'f', message: 'two' },
      { line: 3, message: 'three' },
    ]);
    expect(text).toMatch(/^body\n\n.*:\n- one\n- f: two\n- three\n$/);
  });
});

describe('names', () => {
  it('of work directories are readable and one to one', () => {
    expect(workName('org/repo#42')).toMatch(/^org-repo-42-[0-9a-f]{8}$/);
    expect(workName('org/repo#42')).not.toBe(workName('org/repo-42'));
    expect(workName('...')).toMatch(/^task-[0-9a-f]{8}$/);
    expect(workName('x'.repeat(500)).length).toBeLessThan(80);
  });
  it('of run directories are the attempt id where they can be', () => {
    expect(runName('a.b-1_c')).toBe('a.b-1_c');
    expect(runName('.slots')).toMatch(/^slots-[0-9a-f]{16}$/);
    expect(runName('../../x')).toMatch(/^x-[0-9a-f]{16}$/);
    expect(runName('a/b')).not.toBe(runName('a-b'));
    expect(runName('x'.repeat(400)).length).toBeLessThan(120);
  });
  it('of mirrors tell the repository, not its credentials', () => {
    expect(mirrorName('https://user:pw@forge.test/org/repo.git')).toMatch(/^repo-git-[0-9a-f]{12}\.git$/);
    expect(mirrorName('git@forge.test:org/repo')).toMatch(/^repo-[0-9a-f]{12}\.git$/);
    expect(mirrorName('https://user:pw@forge.test/')).not.toContain('pw');
  });
  it.each([
    ['/srv/repo', true],
    ['file:///srv/repo', true],
    ['https://forge.test/repo', false],
    ['forge:repo', false],
  ])('%s is on the host: %s', (repository, expected) => expect(isLocalRepository(repository)).toBe(expected));
});

it('credentials in URLs are not repeated', () => {
  expect(redact("fatal: 'https://me:s3cret@forge.test/x' and ssh://tok@h/y\n")).toBe(
    "fatal: 'https://***@forge.test/x' and ssh://***@h/y",
  );
  expect(redact('x'.repeat(5_000))).toHaveLength(1_000);
});

it('scripts see what they need of the environment and nothing else', () => {
  const source = {
    HOME: '/h',
    PATH: '/p',
    LC_ALL: 'C',
    SIGNALBOX_ADMIN_TOKEN: 't',
    AWS_SECRET: 's',
    TZ: undefined,
  };
  expect(hostEnvironment(source)).toEqual({ HOME: '/h', PATH: '/p', LC_ALL: 'C' });
  expect(hostEnvironment({})).toEqual({ HOME: '/', PATH: '/usr/local/bin:/usr/bin:/bin' });
});
