import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { buildPrompt } from '../activities/prompt/build-prompt';
import { makeTargets, npmScripts } from '../activities/prompt/project-facts';
import { validationCommands } from '../activities/prompt/validation-commands';
import { hasCode } from '../workers/error-code';
import { defaultBranch } from '../workflows/rules/claim';
import { parseTaskFile } from './task-file';

export interface PromptOptions {
  /** A file, or `-` for standard input. */
  task: string;
  /** Where validation commands are looked for; without it the prompt says how to find them. */
  workDir?: string;
}

const PREVIEW_ID = 'preview';

/**
 * The prompt that an agent would get for a task in a file.
 * @throws Error whose message says what is wrong with which file and field
 */
export async function promptOfFile(
  { task: file, workDir }: PromptOptions,
  stdin: NodeJS.ReadableStream,
): Promise<string> {
  const task = file === '-' ? parseTaskFile(await textOf(stdin), '<stdin>') : parseTaskFile(read(file), file);
  const commands = workDir === undefined ? undefined : detect(workDir);
  return buildPrompt({
    ...task,
    branch_name: task.branch_name ?? defaultBranch(task.id ?? PREVIEW_ID),
    repository: task.repository ?? null,
    checkpoint: task.checkpoint ?? null,
    validation_commands: task.validation_commands ?? commands,
  });
}

/** Prints it; what is wrong goes to standard error. @returns the exit code */
export async function printPrompt(
  options: PromptOptions,
  { stdin, stdout, stderr }: Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr'> = process,
): Promise<number> {
  let prompt: string;
  try {
    prompt = await promptOfFile(options, stdin);
  } catch (error) {
    stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
  // Whoever reads may stop early (`| head`), which is no fault.
  stdout.on('error', () => {});
  stdout.write(prompt);
  return 0;
}

function detect(dir: string): string[] {
  let files: string[];
  try {
    files = readdirSync(dir);
  } catch (error) {
    throw new Error(`--work-dir ${dir}: expected a directory; ${reasonOf(error)}`);
  }
  const content = (name: string) => (files.includes(name) ? read(join(dir, name)) : null);
  const packageJson = content('package.json');
  const makefile = content('GNUmakefile') ?? content('makefile') ?? content('Makefile');
  return validationCommands(files, {
    npm_scripts: packageJson === null ? undefined : npmScripts(packageJson),
    make_targets: makefile === null ? undefined : makeTargets(makefile),
  });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`${file}: expected a file that can be read; ${reasonOf(error)}`);
  }
}

const reasonOf = (error: unknown) => (hasCode(error, 'ENOENT') ? 'there is none' : String(error));
