/** Payloads of forges with some of their values replaced by others, or missing. */
import fc from 'fast-check';
import { FORGE_KINDS, type ForgeKind } from '../../contracts/forge';
import { nasty } from './nasty';
import { commentPayload, issuePayload, pullPayload, pushPayload } from './webhook-payloads';

export interface Payload {
  kind: ForgeKind;
  event: string;
  payload: unknown;
}

/** A good one for each parser. */
export const WRITTEN: Payload[] = [
  ...FORGE_KINDS.flatMap((kind) => [
    { kind, event: 'issues', payload: issuePayload('opened') },
    { kind, event: 'issue_comment', payload: commentPayload('/signalbox retry') },
    { kind, event: 'pull_request', payload: pullPayload('opened') },
    { kind, event: 'push', payload: pushPayload() },
  ]),
  {
    kind: 'github',
    event: 'pull_request_review',
    payload: { ...pullPayload('submitted'), review: { id: 1, state: 'approved', body: 'b' } },
  },
  {
    kind: 'forgejo',
    event: 'pull_request_approved',
    payload: { ...pullPayload('reviewed'), review: { content: 'c' } },
  },
];

type Path = string[];

/** Every way to a value, such as ['issue', 'labels', '0', 'name']. */
function pathsOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...at, key]))];
}

/** As it was when the path leads nowhere. */
function replaced(value: unknown, [step, ...rest]: Path, by: unknown): unknown {
  if (step === undefined) return by;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return value;
  if (Array.isArray(value)) {
    return value.map((item, i) => (String(i) === step ? replaced(item, rest, by) : item));
  }
  return { ...value, [step]: replaced((value as Record<string, unknown>)[step], rest, by) };
}

/** One to three changes each; a value that becomes undefined is missing. */
export const spoiledPayloads = (more: readonly Payload[] = []): fc.Arbitrary<Payload> =>
  fc.constantFrom(...WRITTEN, ...more).chain(({ kind, event, payload }) => {
    const change = fc.tuple(fc.constantFrom(...pathsOf(payload)), fc.option(nasty, { nil: undefined }));
    return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => ({
      kind,
      event,
      payload: changes.reduce<unknown>((spoiled, [path, by]) => replaced(spoiled, path, by), payload),
    }));
  });
