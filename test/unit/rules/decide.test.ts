import { describe, expect, it } from '@jest/globals';
import type { ExecutionMode, HolderRef } from '../../../contracts/task';
import { initialMode, mayClaim, modeOf } from '../../../workflows/rules/decide';

const HOST: HolderRef = 'host:h1';
const AGENT: HolderRef = 'agent:a1';

describe('modeOf', () => {
  it('follows the kind of the holder', () => {
    expect(modeOf(HOST)).toBe('ssh_cli');
    expect(modeOf(AGENT)).toBe('http_pull');
  });
});

describe('initialMode', () => {
  it.each<[ExecutionMode, boolean, ExecutionMode]>([
    ['undecided', false, 'undecided'],
    ['undecided', true, 'http_pull'],
    ['ssh_cli', true, 'ssh_cli'],
    ['ssh_cli', false, 'ssh_cli'],
    ['http_pull', true, 'http_pull'],
    ['http_pull', false, 'http_pull'],
  ])('asked for %s, no capable host %s: %s', (asked, noHost, expected) => {
    expect(initialMode(asked, noHost)).toBe(expected);
  });
});

interface Row {
  mode: ExecutionMode;
  origin: ExecutionMode;
  assigned?: HolderRef;
  notBy?: HolderRef[];
  labels?: string[];
  holder: HolderRef;
  capabilities?: string[];
  expected: ReturnType<typeof mayClaim>;
}

describe('mayClaim', () => {
  it.each<Row>([
    { mode: 'undecided', origin: 'undecided', holder: HOST, expected: null },
    { mode: 'undecided', origin: 'undecided', holder: AGENT, expected: null },
    // No configured host is capable: pull only.
    { mode: 'http_pull', origin: 'undecided', holder: AGENT, expected: null },
    { mode: 'http_pull', origin: 'undecided', holder: HOST, expected: 'wrong_mode' },
    // Explicit modes, also when the current mode has strayed from what was asked for.
    { mode: 'ssh_cli', origin: 'ssh_cli', holder: HOST, expected: null },
    { mode: 'ssh_cli', origin: 'ssh_cli', holder: AGENT, expected: 'wrong_mode' },
    { mode: 'undecided', origin: 'ssh_cli', holder: AGENT, expected: 'wrong_mode' },
    { mode: 'http_pull', origin: 'http_pull', holder: AGENT, expected: null },
    { mode: 'http_pull', origin: 'http_pull', holder: HOST, expected: 'wrong_mode' },
    { mode: 'ssh_cli', origin: 'http_pull', holder: HOST, expected: 'wrong_mode' },
    // Capabilities.
    {
      mode: 'undecided',
      origin: 'undecided',
      labels: ['agent:code'],
      holder: AGENT,
      expected: 'not_capable',
    },
    {
      mode: 'undecided',
      origin: 'undecided',
      labels: ['agent:code', 'bug'],
      holder: AGENT,
      capabilities: ['agent:code'],
      expected: null,
    },
    {
      mode: 'http_pull',
      origin: 'http_pull',
      labels: ['agent:code'],
      holder: HOST,
      capabilities: ['agent:code'],
      expected: 'wrong_mode',
    },
    // Nobody reviews what they wrote, assigned or not.
    { mode: 'undecided', origin: 'undecided', notBy: [AGENT], holder: AGENT, expected: 'wrote_it' },
    { mode: 'undecided', origin: 'undecided', notBy: [HOST, 'agent:a2'], holder: AGENT, expected: null },
    {
      mode: 'undecided',
      origin: 'undecided',
      notBy: [AGENT],
      assigned: AGENT,
      holder: AGENT,
      expected: 'wrote_it',
    },
    // Assignments override mode and capabilities, for one holder.
    { mode: 'undecided', origin: 'undecided', assigned: AGENT, holder: AGENT, expected: null },
    { mode: 'undecided', origin: 'undecided', assigned: AGENT, holder: HOST, expected: 'assigned_to_other' },
    {
      mode: 'undecided',
      origin: 'undecided',
      assigned: AGENT,
      holder: 'agent:a2',
      expected: 'assigned_to_other',
    },
    { mode: 'http_pull', origin: 'ssh_cli', assigned: AGENT, holder: AGENT, expected: null },
    {
      mode: 'ssh_cli',
      origin: 'http_pull',
      assigned: HOST,
      labels: ['agent:code'],
      holder: HOST,
      expected: null,
    },
    {
      mode: 'undecided',
      origin: 'undecided',
      assigned: 'host:a1',
      holder: AGENT,
      expected: 'assigned_to_other',
    },
  ])('$mode (asked $origin), assigned $assigned, $labels by $holder with $capabilities: $expected', (row) => {
    const task = {
      execution_mode: row.mode,
      origin_mode: row.origin,
      labels: row.labels ?? [],
      assigned: row.assigned ?? null,
      ...(row.notBy && { not_by: row.notBy }),
    };
    expect(mayClaim(task, { holder: row.holder, capabilities: row.capabilities ?? [] })).toBe(row.expected);
  });
});
