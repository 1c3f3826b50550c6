import { readFileSync } from 'node:fs';
import type { EnvironmentSettings, EnvironmentValue } from '../../contracts/template';

/** Where a host worker finds the values that the config file only names. */
export interface ValueSource {
  /** A variable of the worker's own environment; null when it is not set. */
  variable(name: string): string | null;
  /** What `~` stands for in `from_file`. */
  home: string;
}

/** Where nothing is found. */
export const NO_VALUES: ValueSource = { variable: () => null, home: '' };

/** A value that is named and not there. The message names the place, never a value. */
export class MissingValueError extends Error {}

/**
 * The environment of a run, later settings before earlier ones. Files are read each time, so that a key that was
 * changed is used by the next run.
 * @throws MissingValueError
 */
export function runEnvironment(
  settings: ReadonlyArray<EnvironmentSettings | undefined>,
  source: ValueSource,
): Record<string, string> {
  const merged: EnvironmentSettings = Object.assign({}, ...settings);
  return Object.fromEntries(
    Object.entries(merged).map(([name, value]) => [name, checked(name, read(name, value, source))]),
  );
}

function read(name: string, value: EnvironmentValue, source: ValueSource): string {
  if (typeof value === 'string') return value;
  if ('from_env' in value) {
    const found = source.variable(value.from_env);
    if (found === null) {
      throw new MissingValueError(`${name}: the host worker has no environment variable ${value.from_env}`);
    }
    return found;
  }
  const path = value.from_file.replace(/^~\//, `${source.home}/`);
  try {
    // As a shell's $(cat file): editors end a file with a line break.
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new MissingValueError(`${name}: the file ${value.from_file} cannot be read (${code})`);
  }
}

function checked(name: string, value: string): string {
  if (value.includes('\0')) throw new MissingValueError(`${name}: the value holds a NUL byte`);
  return value;
}
