/** A whole run against one deployment: agents and tasks are made, invariants tested, everything cleaned up. */
import { randomUUID } from 'node:crypto';
import { type Agent, openAgents } from './agents';
import { select } from './catalogue';
import { createClient } from './client';
import type { Dialect } from './invariant';
import { createLab } from './lab';
import { cleanUp, createMade } from './made';
import { keepSecret } from './redact';
import { type Result, runInvariants } from './run-invariants';
import { baseUrl, createWire } from './wire';

export interface ConformOptions {
  url: string;
  /** Of an admin; of a coordinator, if `agents` are given. */
  token: string;
  dialect: Dialect | 'both';
  /** Names, or beginnings of them; empty: all. */
  only: readonly string[];
  /** null: the kit makes its own. */
  agents: Agent[] | null;
  concurrency: number;
  /** How long what is to come may take, in milliseconds; default PATIENCE_MS. */
  patienceMs?: number;
  /** Aborted: what runs is ended, and cleaned up. */
  signal: AbortSignal;
  onResult?: (result: Result) => void;
}

export interface Conformance {
  url: string;
  results: Result[];
  /** What could not be cleaned up, for people. */
  left: string[];
  duration_ms: number;
}

/** Above the lag of any index of the protocol, several times over. */
const PATIENCE_MS = 15_000;
/** After the last invariant, and after Ctrl-C. */
const CLEAN_UP_MS = 60_000;

/** @throws Error when nothing could be tested: the options are wrong, nobody answers, or the token is refused */
export async function conform(options: ConformOptions): Promise<Conformance> {
  const { token, signal, concurrency, onResult, patienceMs = PATIENCE_MS } = options;
  const url = baseUrl(options.url);
  const invariants = select(options.dialect, options.only);
  keepSecret(token);
  const begun = performance.now();
  const run = randomUUID().slice(0, 8);
  const made = createMade();
  const agents = await openAgents(createWire(url, signal), token, run, options.agents);
  const labFor = (its: AbortSignal) =>
    createLab({ wire: createWire(url, its), token, agents, run, made, patienceMs, signal: its });
  const results = await runInvariants(invariants, labFor, { concurrency, signal, onResult });
  const cleaner = createClient(createWire(url, AbortSignal.timeout(CLEAN_UP_MS)), token);
  const left = await cleanUp(cleaner, made, agents.made);
  return { url, results, left, duration_ms: Math.round(performance.now() - begun) };
}
