/** What is known of a host, and what follows from it for the work that it is given. Pure. */
import type { HostProbe } from '../activities/ssh/probe';
import type { TemplateHealth } from '../contracts/holder';
import type { Failure } from '../contracts/task';
import type { KnownHolder } from '../dispatch/directory';
import type { HostHealth } from '../workflows/holder/types';
import type { Candidate } from '../workflows/rules/candidates';

export interface HostSight {
  /** null before the first look. */
  reachable: boolean | null;
  /** Why it could not be reached. */
  failure: Failure | null;
  /** The last that came back. */
  probe: HostProbe | null;
  /** null before the first look for programs. */
  templates: Record<string, TemplateHealth> | null;
  /** null before its holder was read. */
  cordoned: boolean | null;
  /** No other process reaches it either, as far as the index tells. */
  alone: boolean;
}

export const UNSEEN: HostSight = {
  reachable: null,
  failure: null,
  probe: null,
  templates: null,
  cordoned: null,
  alone: false,
};

export type HostCondition = Required<Pick<Candidate, 'online' | 'unreachable' | 'cordoned' | 'lacking'>>;

export function conditionOf(sight: HostSight, defaultTemplate: string): HostCondition {
  const known = sight.cordoned !== null;
  const fit = sight.probe?.missing.length === 0 && sight.templates !== null;
  return {
    online: known && sight.reachable === true && fit,
    unreachable: known && sight.reachable === false && sight.alone,
    cordoned: sight.cordoned === true,
    lacking: lackingOf(sight.templates ?? {}, defaultTemplate),
  };
}

function lackingOf(templates: Record<string, TemplateHealth>, defaultTemplate: string): Array<string | null> {
  const names = Object.keys(templates).filter((name) => templates[name]?.available === false);
  return names.includes(defaultTemplate) ? [...names, null] : names;
}

/** What the holder is told; null while there is nothing to tell. */
export function healthOf(sight: HostSight, before: HostHealth | undefined): HostHealth | null {
  const { reachable, probe, templates, failure } = sight;
  if (reachable === null || (reachable && (probe === null || templates === null))) return null;
  return {
    os: probe?.os ?? before?.os ?? null,
    missing: probe?.missing ?? before?.missing ?? [],
    templates: templates ?? before?.templates ?? {},
    failure,
  };
}

/** The words of a failure may differ from one time to the next: its code is what counts. */
export const sameHealth = (a: HostHealth | undefined, b: HostHealth) =>
  a !== undefined && keyOf(a) === keyOf(b);

const keyOf = ({ os, missing, templates, failure }: HostHealth) =>
  JSON.stringify([
    os,
    missing,
    Object.keys(templates)
      .sort()
      .map((name) => [name, templates[name]?.available, templates[name]?.version, templates[name]?.reason]),
    failure?.code,
  ]);

/** A host as another process may have it. Of the template that tasks get there by default nothing is known. */
export function candidateElsewhere({ profile, presence, cordon, health }: KnownHolder): Candidate {
  return {
    id: profile.id,
    capabilities: profile.capabilities,
    slots: profile.slots,
    running: 0,
    online: presence === 'online',
    unreachable: presence === 'offline',
    cordoned: cordon != null,
    lacking: Object.entries(health?.templates ?? {}).flatMap(([name, { available }]) =>
      available ? [] : [name],
    ),
    elsewhere: true,
  };
}
