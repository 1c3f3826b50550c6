import {
  type Argument,
  BUILT_IN_TEMPLATES,
  type BuiltInTemplate,
  type CliName,
  type EnvironmentSettings,
  type Template,
} from '../../contracts/template';
import { BUILT_INS } from './builtin-templates';
import { type KnownProgram, knownProgram, type LoginCheck } from './programs';
import { splitWords, WordsError } from './split-words';

export interface ResolvedTemplate {
  argv: Argument[];
  cli: CliName;
  /** `script`: the body as it is. `prompt`: what is made of the task for an agent. */
  prompt: 'script' | 'prompt';
  /** Whether the program reads the prompt from standard input when no argument can hold it. */
  readsStdin: boolean;
  model: string | null;
  /** What a host must have: a name on its PATH, or a path. */
  program: string;
  version: readonly string[] | null;
  login: LoginCheck | null;
  env: EnvironmentSettings;
}

/** A template that cannot be used; `field` is the part of it, or null for all of it. */
export class TemplateError extends Error {
  constructor(
    message: string,
    readonly field: 'argv' | 'version' | 'login' | null,
  ) {
    super(message);
  }
}

const isBuiltIn = (name: string): name is BuiltInTemplate =>
  (BUILT_IN_TEMPLATES as readonly string[]).includes(name);

/**
 * The template of a task; one of the config file goes before a built-in one. null when there is none.
 * @throws TemplateError; not for one that the config file was checked with
 */
export function findTemplate(name: string, configured: Record<string, Template>): ResolvedTemplate | null {
  const own = Object.hasOwn(configured, name) ? configured[name] : undefined;
  if (own === undefined) return isBuiltIn(name) ? resolveTemplate(BUILT_INS[name], name) : null;
  const baseName = own.base ?? (isBuiltIn(name) ? name : null);
  if (baseName === null || (own.argv !== undefined && own.base === undefined)) {
    return resolveTemplate(own, null);
  }
  const base = BUILT_INS[baseName];
  return resolveTemplate({ ...base, ...own, env: { ...base.env, ...own.env } }, baseName);
}

/** Every template by name: the built-in ones and those of the config file. @throws TemplateError */
export function allTemplates(configured: Record<string, Template>): Map<string, ResolvedTemplate> {
  const names = [...BUILT_IN_TEMPLATES, ...Object.keys(configured)];
  return new Map(
    names.flatMap((name) => {
      const template = findTemplate(name, configured);
      return template === null ? [] : [[name, template] as const];
    }),
  );
}

function resolveTemplate(template: Template, base: BuiltInTemplate | null): ResolvedTemplate {
  if (template.argv === undefined) {
    const known = BUILT_IN_TEMPLATES.join(', ');
    throw new TemplateError(`expected argv, or base: one of ${known}`, null);
  }
  const argv = words('argv', template.argv);
  const first = argv.flat()[0];
  if (first === undefined) throw new TemplateError('expected a program and its arguments', 'argv');
  refuseShellLine(argv.flat());
  const program = template.program ?? first;
  const known = knownProgram(program);
  return {
    argv,
    cli: template.cli ?? cliOf(known, argv.flat()),
    prompt: base === 'shell' ? 'script' : 'prompt',
    readsStdin: template.stdin === undefined ? (known?.readsStdin ?? false) : template.stdin === 'prompt',
    model: template.model ?? null,
    program,
    version: commandOf('version', template.version, known ? [program, ...known.version.slice(1)] : null),
    login: loginOf(template, known, program, argv.flat()),
    env: template.env ?? {},
  };
}

/** A line as users write it for a shell, or the list itself. */
function words<T extends Argument>(
  field: 'argv' | 'version' | 'login',
  written: string | readonly T[],
): Array<T | string> {
  if (typeof written !== 'string') return [...written];
  if (field === 'argv' && /^\s*[A-Za-z_][A-Za-z0-9_]*=/.test(written)) {
    throw new TemplateError(
      'expected a program first; what it is to find in its environment belongs in env',
      field,
    );
  }
  try {
    return splitWords(written);
  } catch (error) {
    if (error instanceof WordsError) {
      throw new TemplateError(`expected the words of one command, but ${error.message}`, field);
    }
    throw error;
  }
}

const cliOf = (known: KnownProgram | null, argv: string[]): CliName =>
  known !== null && argv.some((word) => known.prints.test(word)) ? known.cli : 'text';

function commandOf(
  field: 'version' | 'login',
  written: string | string[] | null | undefined,
  otherwise: readonly string[] | null,
): readonly string[] | null {
  return written === undefined ? otherwise : written === null ? null : words<string>(field, written);
}

function loginOf(
  template: Template,
  known: KnownProgram | null,
  program: string,
  argv: string[],
): LoginCheck | null {
  if (template.login !== undefined) {
    const command = commandOf('login', template.login, null);
    return command && { variables: [], files: [], command, denial: null };
  }
  const login = known?.login ?? null;
  if (login === null || argv.some((word) => known?.noLogin?.test(word))) return null;
  return { ...login, command: login.command && [program, ...login.command.slice(1)] };
}

const SHELLS = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'mksh', 'fish', 'ash']);

/** `sh -c "… {prompt} …"` would run whatever the prompt says. */
function refuseShellLine(argv: string[]): void {
  argv.forEach((word, index) => {
    const command = argv[index + 2];
    const flag = argv[index + 1];
    if (!SHELLS.has(word.replace(/^.*\//, '')) || flag === undefined || command === undefined) return;
    if (/^-[a-zA-Z]*c$/.test(flag) && VARIABLE.test(command)) {
      throw new TemplateError(
        `expected no variable in what ${word} ${flag} runs, because it would run the prompt; ` +
          'use "$1" there, and give the variable as an argument after it: sh -c \'… "$1"\' sh {prompt}',
        'argv',
      );
    }
  });
}

/** Names of what a template may hold. */
export const VARIABLE = /\{(prompt|prompt_file|work_dir|task_id|branch|model|session_id)\}/;
