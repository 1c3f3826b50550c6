import { describe, expect, it } from '@jest/globals';
import {
  ARGUMENT_MAX_BYTES,
  ArgumentError,
  renderCommand,
} from '../../../activities/agent-cli/render-command';
import { findTemplate } from '../../../activities/agent-cli/templates';
import type { Argument } from '../../../contracts/template';

const values = {
  prompt: 'P',
  prompt_file: '/run/prompt',
  work_dir: '/w',
  task_id: 'o/r#1',
  branch: 'b',
  model: null as string | null,
  session_id: null as string | null,
};

function render(argv: Argument[], given: Partial<typeof values> = {}, stdin?: 'prompt' | 'none') {
  const template = findTemplate('t', { t: { argv, stdin } });
  if (!template) throw new Error('no template');
  return renderCommand(template, { ...values, ...given });
}

const long = 'x'.repeat(ARGUMENT_MAX_BYTES + 1);

describe('the arguments', () => {
  it('are filled in, each by itself and each time; other braces stay', () => {
    const argv = ['x', '-C{work_dir}', '{task_id}@{branch}', '{prompt}{prompt}', '{name="m"}', '{y}'];
    expect(render(argv).argv).toEqual(['x', '-C/w', 'o/r#1@b', 'PP', '{name="m"}', '{y}']);
  });

  it('are not looked into once filled in', () => {
    expect(render(['x', '{prompt}'], { prompt: '{branch} $& $1' }).argv).toEqual(['x', '{branch} $& $1']);
  });

  it('that go together are left out together when a value is missing', () => {
    const argv = ['x', ['--model', '{model}'], ['--resume', '{session_id}'], '{prompt}'];
    expect(render(argv).argv).toEqual(['x', 'P']);
    expect(render(argv, { model: 'm' }).argv).toEqual(['x', '--model', 'm', 'P']);
    expect(render(argv, { session_id: 's' }).argv).toEqual(['x', '--resume', 's', 'P']);
  });

  it('without a value are refused when they stand alone', () => {
    expect(() => render(['x', '--model={model}', '{prompt}'])).toThrow(
      expect.objectContaining({
        reason: 'template_value_missing',
        message: expect.stringContaining('{model}'),
      }),
    );
  });
});

describe('the prompt', () => {
  it.each([
    [['cat'], 'prompt'],
    [['cat', '{work_dir}'], 'prompt'],
    [['cat', '-p={prompt}'], 'none'],
    [['cat', '{prompt_file}'], 'none'],
  ])('of %j comes by standard input: %s', (argv, expected) => {
    expect(render(argv).stdin).toBe(expected);
  });

  it.each([
    ['131 071 bytes', 'x'.repeat(131_071), true],
    ['131 072 bytes', long, false],
    ['bytes, not characters', 'é'.repeat(65_536), false],
    ['NUL', 'a\0b', false],
  ])('has the limit of an argument: %s', (_, prompt, fits) => {
    if (fits) expect(render(['x', '{prompt}'], { prompt }).argv).toHaveLength(2);
    else expect(() => render(['x', '{prompt}'], { prompt })).toThrow(ArgumentError);
  });

  it.each([[long], ['a\0b']])('beyond it goes by standard input where the program can', (prompt) => {
    expect(render(['x', '{prompt}', '-y'], { prompt }, 'prompt')).toEqual({
      argv: ['x', '-y'],
      stdin: 'prompt',
    });
    expect(render(['codex', 'exec', '{prompt}'], { prompt })).toEqual({
      argv: ['codex', 'exec'],
      stdin: 'prompt',
    });
    expect(() => render(['codex', 'exec', '{prompt}'], { prompt }, 'none')).toThrow(ArgumentError);
    expect(() => render(['x', '--prompt={prompt}'], { prompt }, 'prompt')).toThrow(ArgumentError);
    expect(render(['x', '{prompt_file}'], { prompt })).toEqual({ argv: ['x', '/run/prompt'], stdin: 'none' });
  });

  it('is not told by a message', () => {
    expect(() => render(['x', '{prompt}'], { prompt: 'hush\0' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hush') }),
    );
  });
});
