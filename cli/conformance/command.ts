/** `signalbox conformance`: options in, table or JSON out. */
import { readFileSync } from 'node:fs';
import { watchStopSignals } from '../stop-signals';
import { parseAgents } from './agents';
import { type Conformance, conform } from './conform';
import type { Dialect } from './invariant';
import { isConformant, summary, table } from './report';

/** As they come from the command line. */
export interface ConformanceOptions {
  url: string;
  token?: string;
  tokenFile?: string;
  agents?: string;
  dialect: string;
  only?: string[];
  json?: boolean;
}

/** Enough to hide the waiting; few enough that a small deployment is not tested for its capacity. */
const CONCURRENCY = 6;
const DIALECTS = ['v1', 'fleet', 'both'] as const;

/** @param fallback the token of the environment. @returns the exit code: 0 only when nothing failed */
export async function printConformance(
  options: ConformanceOptions,
  fallback: string | null,
  { stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'> = process,
): Promise<number> {
  try {
    const dialect = dialectNamed(options.dialect);
    const { signal } = watchStopSignals();
    const done = await conform({
      url: options.url,
      token: tokenOf(options, fallback),
      dialect,
      only: options.only ?? [],
      agents: options.agents === undefined ? null : parseAgents(read(options.agents), options.agents),
      concurrency: CONCURRENCY,
      signal,
    });
    stdout.write(options.json ? `${json(done)}\n` : text(done));
    return isConformant(done.results) && !signal.aborted ? 0 : 1;
  } catch (error) {
    stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

const json = ({ results, ...rest }: Conformance) =>
  JSON.stringify({ ...rest, conformant: isConformant(results), invariants: results }, null, 2);

function text({ url, results, left, duration_ms }: Conformance): string {
  const rest = left.length === 0 ? '' : `Left behind:\n${left.map((line) => `  ${line}\n`).join('')}`;
  return `${table(results)}\n\n${url}: ${summary(results, duration_ms)}\n${rest}`;
}

/** Throws Error that does not show it. */
function tokenOf({ token, tokenFile }: ConformanceOptions, fallback: string | null): string {
  if (token !== undefined && tokenFile !== undefined)
    throw new Error('expected --token or --token-file, got both');
  const found = (tokenFile === undefined ? (token ?? fallback) : read(tokenFile))?.trim();
  if (!found) throw new Error('expected a token: --token-file, SIGNALBOX_TOKEN or --token');
  if (/[^\x21-\x7e]/.test(found)) throw new Error('the token: expected printable ASCII without spaces');
  return found;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new Error(`${file}: expected a file that can be read`);
  }
}

function dialectNamed(name: string): Dialect | 'both' {
  const found = DIALECTS.find((one) => one === name);
  if (!found) throw new Error(`--dialect ${name}: expected ${DIALECTS.join(', ')}`);
  return found;
}
