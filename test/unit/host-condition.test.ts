import { describe, expect, it } from '@jest/globals';
import { candidateElsewhere, conditionOf, healthOf, sameHealth, UNSEEN } from '../../workers/host-condition';

const probe = { at: 1, os: 'Linux', missing: [] as string[], free_disk_bytes: 1, running: 0 };
const templates = {
  shell: { available: true, version: null, reason: null },
  gemini: { available: false, version: null, reason: 'gone' },
};
const good = { reachable: true, failure: null, probe, templates, cordoned: false, alone: false };
const failure = { code: 'connect_timeout', message: 'no answer' };
const bad = { ...good, reachable: false, failure };

describe('the condition of a host', () => {
  it.each([
    ['not looked at', UNSEEN, { online: false, unreachable: false }],
    ['reached', good, { online: true, unreachable: false, cordoned: false, lacking: ['gemini'] }],
    ['cordoned', { ...good, cordoned: true }, { cordoned: true }],
    ['whose holder was not read', { ...good, cordoned: null }, { online: false }],
    ['whose programs were not looked for', { ...good, templates: null }, { online: false }],
    [
      'that lacks a tool',
      { ...good, probe: { ...probe, missing: ['awk'] } },
      { online: false, unreachable: false },
    ],
    ['not reached, though another process may', bad, { online: false, unreachable: false }],
    ['not reached by anyone', { ...bad, alone: true }, { online: false, unreachable: true }],
    [
      'not reached, before its holder was read',
      { ...bad, alone: true, cordoned: null },
      { unreachable: false },
    ],
  ])('%s', (_, sight, expected) => expect(conditionOf(sight, 'shell')).toMatchObject(expected));

  it('lacks what tasks without a template need, when it is the default', () => {
    expect(conditionOf(good, 'gemini').lacking).toEqual(['gemini', null]);
  });
});

describe('what the holder is told', () => {
  it('waits until there is something to tell', () => {
    expect(healthOf(UNSEEN, undefined)).toBeNull();
    expect(healthOf({ ...good, templates: null }, undefined)).toBeNull();
    expect(healthOf(good, undefined)).toEqual({ os: 'Linux', missing: [], templates, failure: null });
  });

  it('keeps what was known of a host that cannot be reached now', () => {
    const before = { os: 'Linux', missing: [], templates, failure: null };
    const blind = { ...UNSEEN, reachable: false, failure };
    expect(healthOf(blind, before)).toEqual({ ...before, failure });
    expect(healthOf(blind, undefined)).toEqual({ os: null, missing: [], templates: {}, failure });
  });

  it('is said again only when it has changed', () => {
    const health = { os: 'Linux', missing: [], templates, failure };
    const { shell, gemini } = templates;
    expect(sameHealth(undefined, health)).toBe(false);
    expect(sameHealth({ ...health, templates: { gemini, shell } }, health)).toBe(true);
    expect(sameHealth({ ...health, failure: { ...failure, message: 'other words' } }, health)).toBe(true);
    expect(sameHealth({ ...health, failure: null }, health)).toBe(false);
    expect(sameHealth({ ...health, missing: ['awk'] }, health)).toBe(false);
    expect(sameHealth({ ...health, templates: { shell: gemini, gemini } }, health)).toBe(false);
  });
});

it('a host of another process is a candidate that is not chosen here', () => {
  const profile = {
    kind: 'host' as const,
    id: 'x',
    capabilities: ['agent:code'],
    slots: 3,
    version: null,
    product: null,
    presence_ms: 1,
  };
  const holder = { profile, presence: 'online' as const, n: 1, registered_at: 0, generation: 0 };
  const known = { ...holder, last_seen_at: null, beat: null };
  expect(candidateElsewhere(known)).toMatchObject({
    id: 'x',
    elsewhere: true,
    online: true,
    cordoned: false,
  });
  expect(
    candidateElsewhere({
      ...known,
      presence: 'offline',
      health: { os: null, missing: [], templates, failure: null },
    }),
  ).toMatchObject({ online: false, unreachable: true, lacking: ['gemini'] });
});
