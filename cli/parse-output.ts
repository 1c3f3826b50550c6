import { createReadStream } from 'node:fs';
import { ByteTail } from '../activities/agent-cli/parsers/byte-tail';
import { parseOutput } from '../activities/agent-cli/parsers/parse-output';
import type { ParsedOutput } from '../activities/agent-cli/parsers/types';
import { CLI_NAMES, type CliName } from '../contracts/template';

/** How much of the end of standard error a run keeps for its message, in bytes. */
const STDERR_BYTES = 32_768;

/** As they come from the command line. */
export interface ParseOutputOptions {
  cli: string;
  exitCode: string;
  /** A file. */
  stderr?: string;
}

/** Prints as JSON what recorded output is read as. @returns the exit code: 0 also where the agent failed */
export async function printParsedOutput(
  file: string,
  options: ParseOutputOptions,
  { stdin, stdout, stderr }: Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr'> = process,
): Promise<number> {
  try {
    const parsed = await parsedFile(file, options, stdin);
    stdout.write(`${JSON.stringify(parsed, null, 2)}\n`);
    return 0;
  } catch (error) {
    stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

/** `-` is standard input. @throws Error whose message says what is wrong with which file or option */
async function parsedFile(
  file: string,
  options: ParseOutputOptions,
  stdin: AsyncIterable<string | Buffer>,
): Promise<ParsedOutput> {
  if (!isCliName(options.cli))
    throw new Error(`--cli ${options.cli}: expected one of ${CLI_NAMES.join(', ')}`);
  if (!/^\d{1,3}$/.test(options.exitCode) || Number(options.exitCode) > 255) {
    throw new Error(`--exit-code ${options.exitCode}: expected a number from 0 to 255`);
  }
  const end = {
    exit_code: Number(options.exitCode),
    stderr: options.stderr === undefined ? '' : await endOf(options.stderr),
  };
  return parseOutput(options.cli, bytesOf(file === '-' ? stdin : createReadStream(file)), end);
}

async function* bytesOf(chunks: AsyncIterable<string | Buffer>): AsyncIterable<Uint8Array> {
  for await (const chunk of chunks) yield Buffer.from(chunk);
}

async function endOf(path: string): Promise<string> {
  const tail = new ByteTail(STDERR_BYTES);
  for await (const chunk of createReadStream(path)) tail.push(chunk);
  return tail.text();
}

const isCliName = (name: string): name is CliName => (CLI_NAMES as readonly string[]).includes(name);
