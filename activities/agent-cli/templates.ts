import type { Template } from '../../contracts/config';

export interface ResolvedTemplate {
  argv: string[];
  output: 'text' | 'json';
  /** `script`: the body as it is. `prompt`: the body, then the findings of a review. */
  prompt: 'script' | 'prompt';
}

/** Runs the body of a task as a POSIX script in the work directory. */
const SHELL: ResolvedTemplate = { argv: ['sh', '{prompt_file}'], output: 'text', prompt: 'script' };

/** The template of a task; one of the config file goes before a built-in one. null when there is none. */
export function findTemplate(name: string, configured: Record<string, Template>): ResolvedTemplate | null {
  if (Object.hasOwn(configured, name) && configured[name] !== undefined) {
    return { ...configured[name], prompt: 'prompt' };
  }
  return name === 'shell' ? SHELL : null;
}

export interface TemplateValues {
  prompt: string;
  /** Path of a file with the prompt, on the host. */
  prompt_file: string;
  work_dir: string;
  task_id: string;
  branch: string;
}

/** Linux takes no single argument longer than this (MAX_ARG_STRLEN less its NUL), in bytes. */
export const ARGUMENT_MAX_BYTES = 131_071;

export class ArgumentError extends Error {}

/** Fills in the values, each element by itself and once: braces in a value stay what they are. */
export function renderArgv(argv: string[], values: TemplateValues): string[] {
  return argv.map((element, index) => {
    const argument = element.replace(
      /\{(prompt|prompt_file|work_dir|task_id|branch)\}/g,
      (_, name: string) => {
        return values[name as keyof TemplateValues];
      },
    );
    const bytes = Buffer.byteLength(argument);
    if (bytes > ARGUMENT_MAX_BYTES) {
      throw new ArgumentError(
        `argument ${index} of the template would have ${bytes} bytes; at most ${ARGUMENT_MAX_BYTES} can be passed. ` +
          'A template without {prompt} gets the prompt by standard input',
      );
    }
    if (argument.includes('\0'))
      throw new ArgumentError(`argument ${index} of the template would hold a NUL byte`);
    return argument;
  });
}

/** A template that names the prompt nowhere reads it from standard input. */
export const promptByStdin = (argv: string[]): boolean =>
  !argv.some((element) => /\{prompt(_file)?\}/.test(element));
