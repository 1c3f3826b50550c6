import type { RunEnd } from '../agent-cli/outcome';
import { parseFields } from './fields';
import type { Host } from './host';
import { type FollowParams, followScript } from './scripts/follow-sh';
import type { ExecOptions } from './transport';

export interface Look {
  /** Of the host, in hundredths of a second. */
  clock_cs: number;
  state: 'running' | 'over' | 'lost' | 'gone';
  /** Set when over. */
  end: RunEnd | null;
  out: StreamLook;
  err: StreamLook;
}

export interface StreamLook {
  /** In bytes, when it was looked at. */
  size: number;
  chunk: Buffer;
}

/** Most bytes of each stream in one look: bounds the follower's memory. */
export const CHUNK_BYTES = 1_048_576;

/** Header and record of a look. */
const HEADER_BYTES = 65_536;

const REASONS = ['exit', 'killed', 'host_lost', 'launcher_lost'] as const;

export async function look(
  host: Host,
  params: Omit<FollowParams, 'max'>,
  options: Pick<ExecOptions, 'signal' | 'timeout_ms'>,
): Promise<Look> {
  const result = await host.run(followScript({ ...params, max: CHUNK_BYTES }), {
    ...options,
    often: true,
    max_bytes: 2 * CHUNK_BYTES + HEADER_BYTES,
  });
  const { fields, rest } = parseFields(result.stdout);
  const out = sizes(fields.get('out'));
  const err = sizes(fields.get('err'));
  return {
    clock_cs: Number(fields.get('clock')),
    state: stateOf(fields.get('state')),
    end: endOf(fields),
    out: { size: out.size, chunk: rest.subarray(0, out.count) },
    err: { size: err.size, chunk: rest.subarray(out.count, out.count + err.count) },
  };
}

function sizes(field = '0 0') {
  const [size = 0, count = 0] = field.split(' ').map(Number);
  return { size, count };
}

function stateOf(state: string | undefined): Look['state'] {
  if (state === 'running' || state === 'over' || state === 'lost' || state === 'gone') return state;
  throw new Error(`a look at a run gave no state, but ${JSON.stringify(state)}`);
}

function endOf(fields: Map<string, string>): RunEnd | null {
  const reason = fields.get('rc reason');
  if (reason === undefined) return null;
  const code = fields.get('rc code') ?? '';
  const ended_at = fields.get('rc ended_at') ?? '';
  return {
    exit_code: code === '' ? null : Number(code),
    reason: REASONS.find((known) => known === reason) ?? 'launcher_lost',
    duration_ms: Number(fields.get('rc duration_ms') ?? 0),
    ended_at_ms: /^\d{1,12}$/.test(ended_at) ? Number(ended_at) * 1_000 : null,
    utc_offset: /^[+-]\d{4}$/.exec(fields.get('rc utc_offset') ?? '')?.[0] ?? null,
  };
}
