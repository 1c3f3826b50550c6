import { describe, expect, it } from '@jest/globals';
import { encodeIdSlashes } from '../../api/task-path';

const T = '/api/v1/tasks';
const Q = '/api/v1/quarantine';

describe('encodeIdSlashes', () => {
  it.each([
    ['an id that is encoded already', `${T}/org%2Frepo%2342`, `${T}/org%2Frepo%2342`],
    ['raw slashes', `${T}/org/repo%2342`, `${T}/org%2Frepo%2342`],
    ['raw slashes before an action', `${T}/org/repo%2342/complete`, `${T}/org%2Frepo%2342/complete`],
    ['an encoded id before an action', `${T}/org%2Frepo%2342/complete`, `${T}/org%2Frepo%2342/complete`],
    ['a plain id before an action', `${T}/t-1/events`, `${T}/t-1/events`],
    ['many segments', `${T}/a/b/c/d/heartbeat`, `${T}/a%2Fb%2Fc%2Fd/heartbeat`],
    ['a reserved word inside the id', `${T}/org/complete/x/assign`, `${T}/org%2Fcomplete%2Fx/assign`],
    ['a query', `${T}/org/x/output?epoch=2&a=/b`, `${T}/org%2Fx/output?epoch=2&a=/b`],
    ['a query without an action', `${T}/org/x?a=/complete`, `${T}/org%2Fx?a=/complete`],
    ['the dequeue path, which has no id', `${T}/dequeue`, `${T}/dequeue`],
    ['dequeue after an id, which is no action', `${T}/org/dequeue`, `${T}/org%2Fdequeue`],
    ['a lone reserved word, which is no action without an id', `${T}/complete`, `${T}/complete`],
    ['a trailing slash', `${T}/org/x/`, `${T}/org%2Fx%2F`],
    ['the list', `${T}?status=created`, `${T}?status=created`],
    ['another resource', '/api/v1/agents/a/b', '/api/v1/agents/a/b'],
    ['the root', '/health', '/health'],
    ['a job', '/api/fleet/jobs/org/repo%2342', '/api/fleet/jobs/org%2Frepo%2342'],
    ['the runs of a job', '/api/fleet/jobs/org/r/runs', '/api/fleet/jobs/org%2Fr/runs'],
    ['two words of action', '/api/fleet/jobs/org/r/lease/renew?x', '/api/fleet/jobs/org%2Fr/lease/renew?x'],
    ['half of an action', '/api/fleet/jobs/org/r/renew', '/api/fleet/jobs/org%2Fr%2Frenew'],
    ['an action of two words alone', '/api/fleet/jobs/lease/renew', '/api/fleet/jobs/lease%2Frenew'],
    ['an encoded id that looks like an action', '/api/fleet/jobs/a%2Fruns', '/api/fleet/jobs/a%2Fruns'],
    [
      'a quarantine id',
      `${Q}/quarantine/org/r%231/3/c1/accept`,
      `${Q}/quarantine%2Forg%2Fr%231%2F3%2Fc1/accept`,
    ],
    [
      'a completion id that is a verb',
      `${Q}/quarantine/t/3/accept/discard`,
      `${Q}/quarantine%2Ft%2F3%2Faccept/discard`,
    ],
    ['an action of tasks below quarantine', `${Q}/quarantine/t/3/events`, `${Q}/quarantine%2Ft%2F3%2Fevents`],
  ])('%s', (_, url, expected) => {
    expect(encodeIdSlashes(url)).toBe(expected);
  });
});
