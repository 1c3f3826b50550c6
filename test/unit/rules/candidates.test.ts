import { describe, expect, it } from '@jest/globals';
import { type Candidate, chooseHost, type Offer } from '../../../workflows/rules/candidates';

const host = (id: string, running: number, slots: number, more: Partial<Candidate> = {}): Candidate => ({
  id,
  running,
  slots,
  capabilities: ['agent:code'],
  online: true,
  ...more,
});
const gone = (id: string, more: Partial<Candidate> = {}) =>
  host(id, 0, 2, { online: false, unreachable: true, ...more });
const code: Offer = { mode: 'undecided', labels: ['agent:code'], assignedTo: null };

interface Row {
  what: string;
  hosts: Candidate[];
  offer?: Partial<Offer>;
  chosen: string | null;
}

describe('chooseHost', () => {
  it.each<Row>([
    { what: 'no host', hosts: [], chosen: null },
    {
      what: 'the least loaded by share, not by count',
      hosts: [host('a', 1, 2), host('b', 3, 10)],
      chosen: 'b',
    },
    { what: 'by name when equally loaded', hosts: [host('b', 1, 3), host('a', 2, 6)], chosen: 'a' },
    { what: 'an idle host of any size', hosts: [host('a', 1, 100), host('b', 0, 1)], chosen: 'b' },
    {
      what: 'none that wrote what is reviewed',
      hosts: [host('a', 0, 2), host('b', 1, 2)],
      offer: { notBy: ['host:a', 'agent:b'] },
      chosen: 'b',
    },
    { what: 'no full host', hosts: [host('a', 2, 2), host('b', 9, 10)], chosen: 'b' },
    { what: 'none when all are full', hosts: [host('a', 2, 2), host('b', 11, 10)], chosen: null },
    { what: 'none offline', hosts: [host('a', 0, 2, { online: false }), host('b', 1, 2)], chosen: 'b' },
    {
      what: 'only the capable',
      hosts: [host('a', 0, 2, { capabilities: [] }), host('b', 1, 2)],
      chosen: 'b',
    },
    { what: 'explicit ssh_cli', hosts: [host('a', 0, 1)], offer: { mode: 'ssh_cli' }, chosen: 'a' },
    { what: 'never http_pull', hosts: [host('a', 0, 1)], offer: { mode: 'http_pull' }, chosen: null },
    {
      what: 'the assigned host, though it is more loaded and not capable',
      hosts: [host('a', 0, 2), host('b', 1, 2, { capabilities: [] })],
      offer: { assignedTo: 'host:b' },
      chosen: 'b',
    },
    {
      what: 'not the assigned host when full',
      hosts: [host('a', 0, 2), host('b', 2, 2)],
      offer: { assignedTo: 'host:b' },
      chosen: null,
    },
    {
      what: 'nothing that is assigned to an agent',
      hosts: [host('a', 0, 2)],
      offer: { assignedTo: 'agent:a' },
      chosen: null,
    },
    { what: 'no cordoned host', hosts: [host('a', 0, 2, { cordoned: true }), host('b', 1, 2)], chosen: 'b' },
    {
      what: 'no host that lacks the template',
      hosts: [host('a', 0, 2, { lacking: ['codex-cli'] }), host('b', 1, 2)],
      offer: { template: 'codex-cli' },
      chosen: 'b',
    },
    {
      what: 'no host that lacks the template of tasks which name none',
      hosts: [host('a', 0, 2, { lacking: ['shell', null] })],
      offer: { template: null },
      chosen: null,
    },
    {
      what: 'any host for a template that is not known: the claim will tell',
      hosts: [host('a', 0, 2, { lacking: ['codex-cli', null] })],
      chosen: 'a',
    },
    { what: 'nothing undecided for a host that cannot be reached', hosts: [gone('a')], chosen: null },
    {
      what: 'what only a host may do for one that cannot be reached, when there is no other',
      hosts: [gone('b'), gone('a', { lacking: ['codex-cli'] })],
      offer: { mode: 'ssh_cli', template: 'codex-cli' },
      chosen: 'a',
    },
    {
      what: 'what is assigned to a host that cannot be reached',
      hosts: [host('a', 0, 2), gone('b')],
      offer: { mode: 'ssh_cli', assignedTo: 'host:b' },
      chosen: 'b',
    },
    ...[
      host('b', 2, 2),
      host('b', 0, 2, { cordoned: true }),
      host('b', 0, 2, { elsewhere: true }),
      host('b', 0, 2, { online: false }),
    ].map((other) => ({
      what: `nobody while another host may get to it: ${JSON.stringify(other)}`,
      hosts: [gone('a'), other],
      offer: { mode: 'ssh_cli' as const },
      chosen: null,
    })),
    {
      what: 'never one of another process',
      hosts: [host('a', 0, 2, { elsewhere: true }), gone('b', { elsewhere: true })],
      offer: { mode: 'ssh_cli' },
      chosen: null,
    },
    {
      what: 'not a cordoned host that cannot be reached',
      hosts: [gone('a', { cordoned: true })],
      offer: { mode: 'ssh_cli' },
      chosen: null,
    },
  ])('chooses $what', ({ hosts, offer, chosen }) => {
    expect(chooseHost(hosts, { ...code, ...offer })?.id ?? null).toBe(chosen);
  });
});
