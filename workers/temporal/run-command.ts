import { spawn } from 'node:child_process';

const ERROR_TAIL = 2_000;

/**
 * Runs a command to its end and returns its standard output.
 * @throws Error with the end of what it said on standard error
 */
export function runCommand(program: string, args: string[], signal?: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err = (err + chunk).slice(-ERROR_TAIL);
    });
    child.once('error', reject);
    child.once('close', (code, killedBy) => {
      if (code === 0) resolve(out);
      else reject(new Error(`${program} ended with ${killedBy ?? code}: ${err.trim()}`));
    });
  });
}
