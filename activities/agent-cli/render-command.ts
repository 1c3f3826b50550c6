import type { ResolvedTemplate } from './templates';
import { VARIABLE } from './templates';

export interface TemplateValues {
  prompt: string;
  /** Path of a file with the prompt, on the host. */
  prompt_file: string;
  work_dir: string;
  task_id: string;
  branch: string;
  model: string | null;
  /** Of the attempt to go on from. */
  session_id: string | null;
}

export interface Command {
  argv: string[];
  /** What the program finds on its standard input; `none` is /dev/null, never an open pipe. */
  stdin: 'prompt' | 'none';
}

/** Linux takes no single argument longer than this (MAX_ARG_STRLEN less its NUL), in bytes. */
export const ARGUMENT_MAX_BYTES = 131_071;

/** Messages tell sizes and places, never a value. */
export class ArgumentError extends Error {
  constructor(
    message: string,
    readonly reason: 'prompt_too_long' | 'template_value_missing',
  ) {
    super(message);
  }
}

/**
 * Fills in the values, each element by itself and once: braces in a value stay what they are.
 * @throws ArgumentError
 */
export function renderCommand(template: ResolvedTemplate, values: TemplateValues): Command {
  const namesPrompt = template.argv.flat().some((word) => /\{prompt(_file)?\}/.test(word));
  if (!namesPrompt) return { argv: render(template, values, null), stdin: 'prompt' };
  const limit = whyNoArgument(values.prompt);
  if (limit === null || !template.argv.flat().some((word) => word.includes('{prompt}'))) {
    return { argv: render(template, values, null), stdin: 'none' };
  }
  // Programs that read a prompt from standard input do so when the argument for it is not there.
  const only = template.argv.flat().every((word) => !word.includes('{prompt}') || word === '{prompt}');
  if (!template.readsStdin || !only) {
    throw new ArgumentError(
      `the prompt ${limit}, so it cannot be an argument; name it nowhere in the template, or set stdin: prompt, ` +
        'if the program reads it from standard input, or use {prompt_file}',
      'prompt_too_long',
    );
  }
  return { argv: render(template, values, '{prompt}'), stdin: 'prompt' };
}

function whyNoArgument(prompt: string): string | null {
  if (prompt.includes('\0')) return 'holds a NUL byte';
  const bytes = Buffer.byteLength(prompt);
  return bytes > ARGUMENT_MAX_BYTES ? `has ${bytes} bytes, more than ${ARGUMENT_MAX_BYTES}` : null;
}

function render({ argv }: ResolvedTemplate, values: TemplateValues, without: string | null): string[] {
  return argv
    .flatMap((argument) =>
      typeof argument === 'string' ? [argument] : isWhole(argument, values) ? argument : [],
    )
    .filter((word) => word !== without)
    .map((word, index) => fill(word, index, values));
}

const isWhole = (group: readonly string[], values: TemplateValues) =>
  group.every((word) => [...word.matchAll(ALL)].every(([, name]) => named(values, name) !== null));

const ALL = new RegExp(VARIABLE, 'g');

const named = (values: TemplateValues, name: string | undefined) => values[name as keyof TemplateValues];

function fill(word: string, index: number, values: TemplateValues): string {
  const argument = word.replace(ALL, (_, name: string) => {
    const value = named(values, name);
    if (value !== null) return value;
    throw new ArgumentError(
      `argument ${index} of the template holds {${name}}, which has no value here` +
        (name === 'model' ? '; set model' : '') +
        `; in a list of its own, as [--flag, "{${name}}"], it would be left out`,
      'template_value_missing',
    );
  });
  const bytes = Buffer.byteLength(argument);
  if (bytes > ARGUMENT_MAX_BYTES) {
    throw new ArgumentError(
      `argument ${index} of the template would have ${bytes} bytes; at most ${ARGUMENT_MAX_BYTES} can be passed`,
      'prompt_too_long',
    );
  }
  if (argument.includes('\0')) {
    throw new ArgumentError(`argument ${index} of the template would hold a NUL byte`, 'prompt_too_long');
  }
  return argument;
}
