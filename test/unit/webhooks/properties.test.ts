import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ZodError } from 'zod';
import { parseForgejo } from '../../../api/webhooks/forgejo';
import { parseGithub } from '../../../api/webhooks/github';
import { type ForgeEvent, forgeEventSchema } from '../../../contracts/forge';
import { spoiledPayloads, WRITTEN } from '../../helpers/spoiled-payloads';

/** What becomes of it; any error but that of a schema fails the test. */
function outcome({ kind, event, payload }: (typeof WRITTEN)[number]): ForgeEvent | 'ignored' | 'refused' {
  try {
    return (kind === 'github' ? parseGithub : parseForgejo)(event, payload, 0) ?? 'ignored';
  } catch (error) {
    if (error instanceof ZodError) return 'refused';
    throw error;
  }
}

describe('a payload', () => {
  it.each(WRITTEN)('of $kind $event is good as it was written', (one) => {
    expect(outcome(one)).toMatchObject({ repository: { full_name: 'org/repo' } });
  });

  it('that was spoiled is refused, ignored, or an event that can be kept', () => {
    const seen = { events: 0, ignored: 0, refused: 0 };
    fc.assert(
      fc.property(spoiledPayloads(), (one) => {
        // As it comes from the wire.
        const text = JSON.stringify(one.payload);
        const found = outcome({ ...one, payload: text === undefined ? null : JSON.parse(text) });
        if (typeof found === 'string') {
          seen[found] += 1;
          return;
        }
        seen.events += 1;
        const kept = JSON.stringify(found);
        expect(forgeEventSchema.parse(JSON.parse(kept))).toEqual(found);
        expect(kept).not.toMatch(/\\u0000|\\ud[89a-f]/);
      }),
      { numRuns: 5_000 },
    );
    expect(Math.min(seen.events, seen.ignored, seen.refused)).toBeGreaterThan(50);
  });
});
