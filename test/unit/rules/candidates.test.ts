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
  ])('chooses $what', ({ hosts, offer, chosen }) => {
    expect(chooseHost(hosts, { ...code, ...offer })?.id ?? null).toBe(chosen);
  });
});
