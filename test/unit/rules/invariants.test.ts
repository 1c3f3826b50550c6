import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stopped } from '../../../workflows/rules/attempt';
import { assign, checkAssign, checkClaim, grant, isRepeat, voidClaim } from '../../../workflows/rules/claim';
import { applyDue, nextDeadline } from '../../../workflows/rules/deadlines';
import { checkRenew, lapse, rearm } from '../../../workflows/rules/lease';
import {
  askLock,
  dropLock,
  lockFreed,
  lockRefused,
  lockTaken,
  needsLock,
} from '../../../workflows/rules/lock';
import { hearForge } from '../../../workflows/rules/pull';
import { complete, release, reportStatus } from '../../../workflows/rules/receipt';
import { countReport } from '../../../workflows/rules/report';
import { cancel, review, reviewInTime } from '../../../workflows/rules/review';
import { revokeHolder } from '../../../workflows/rules/revoke-holder';
import { runEnded, runFailed, runStarted } from '../../../workflows/rules/run';
import { isTerminal, mayFollow } from '../../../workflows/rules/status';
import type { TaskState } from '../../../workflows/task/types';
import { heard, ORIGIN, sha } from '../../helpers/forge-task';
import { claimBy, completion, created, receipt, T0 } from '../../helpers/task-state';

type Rule = (state: TaskState, now: number) => TaskState;

const holder = fc.constantFrom('agent:a' as const, 'agent:b' as const, 'host:h' as const);
const epoch = fc.integer({ min: 0, max: 6 });
let messages = 0;

/** Any message, sensible or not, in any order. */
const rule: fc.Arbitrary<Rule> = fc.oneof(
  {
    weight: 4,
    arbitrary: holder.map(
      (h): Rule =>
        (s, now) => {
          const claim = claimBy(h, { request_id: `r${messages++}` });
          if (checkClaim(s, claim, now) || isRepeat(s, claim)) return s;
          return needsLock(s) ? askLock(s, claim) : grant(s, claim, now);
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(holder, epoch).map(
      ([h, e]): Rule =>
        (s, now) =>
          complete(s, completion({ holder: h, epoch: e, message_id: `c${messages++}` }), now, 0).state,
    ),
  },
  fc.tuple(epoch, fc.constantFrom({}, { adopt: true as const })).map(
    ([e, how]): Rule =>
      (s, now) =>
        complete(
          s,
          completion({ holder: 'carol', epoch: e, manual: true, message_id: `m${messages++}`, ...how }),
          now,
          0,
        ).state,
  ),
  fc.tuple(holder, epoch).map(
    ([h, e]): Rule =>
      (s, now) =>
        reportStatus(s, { message_id: '', holder: h, epoch: e, status: 'failed', message: null }, now, 0)
          .state,
  ),
  fc.tuple(holder, epoch).map(
    ([h, e]): Rule =>
      (s, now) =>
        release(s, { message_id: '', holder: h, epoch: e, checkpoint: null }, now).state,
  ),
  fc.tuple(holder, fc.option(epoch)).map(
    ([h, e]): Rule =>
      (s, now) =>
        revokeHolder(s, { message_id: '', holder: h, epoch: e, by: 'x', reason: null, checkpoint: null }, now)
          .state,
  ),
  fc.tuple(holder, epoch).map(
    ([h, e]): Rule =>
      (s, now) =>
        checkRenew(s, { holder: h, epoch: e, not_after: Infinity }, now) ? s : rearm(s, now),
  ),
  {
    weight: 2,
    arbitrary: fc.constant<Rule>((s, now) =>
      s.lease ? lapse(s, { epoch: s.lease.epoch, n: s.lease.n, heartbeat: null }, now) : s,
    ),
  },
  fc.constant<Rule>((s, now) => (s.lease ? runStarted(s, s.lease.epoch, now) : s)),
  epoch.map(
    (e): Rule =>
      (s, now) =>
        runEnded(
          s,
          e,
          {
            receipt: receipt(),
            failure: null,
            exit_code: 0,
            duration_ms: 1,
            output_ref: null,
            checkpoint: null,
          },
          now,
          0,
        ),
  ),
  holder.map(
    (h): Rule =>
      (s, now) => {
        const request = { message_id: '', holder: h, reason: null, by: 'x', not_after: Infinity };
        return checkAssign(s, request, now) ? s : assign(s, request, now);
      },
  ),
  fc.constantFrom('auth_failed', 'slots_full', 'start_failed').map(
    (code): Rule =>
      (s, now) =>
        s.lease?.run
          ? runFailed(s, s.lease.epoch, { code, message: '' }, now, {
              random: 0,
              mayRun: code === 'start_failed',
            })
          : s,
  ),
  fc.constantFrom<Array<'approved' | 'rejected'>[number]>('approved', 'rejected').map(
    (v): Rule =>
      (s, now) =>
        review(s, { message_id: '', verdict: v, findings: [], confidence: null, by: 'x' }, now).state,
  ),
  {
    weight: 3,
    arbitrary: fc
      .record({
        number: fc.constantFrom(7, 8),
        head_sha: fc.constantFrom(sha('a'), sha('b')),
        state: fc.constantFrom(
          'open' as const,
          'open' as const,
          'open' as const,
          'closed' as const,
          'merged' as const,
        ),
        updated_at: fc.integer({ min: 1, max: 5 }),
      })
      .map(
        (facts): Rule =>
          (s, now) =>
            hearForge(s, heard(facts), now).state,
      ),
  },
  fc.constant<Rule>((s, now) => cancel(s, { message_id: '', reason: null, by: 'x' }, now).state),
  fc.constant<Rule>((s, now) =>
    s.lease ? voidClaim(s, { request_id: s.lease.request_id, holder: s.lease.holder }, now) : s,
  ),
  fc.boolean().map(
    (told): Rule =>
      (s, now) =>
        s.lock?.claim ? lockRefused(s, s.lock.key, told, now) : lockFreed(s, now),
  ),
  fc.constant<Rule>((s, now) => (s.lock ? lockTaken(s, s.lock.key, now) : s)),
  fc.constant<Rule>((s, now) => (s.stops[0] ? stopped(s, s.stops[0].attempt_id, 'dead', now) : s)),
  {
    weight: 3,
    arbitrary: fc.constant<Rule>((s) => {
      const next = nextDeadline(s);
      return next ? applyDue(s, next.at, 0) : s;
    }),
  },
);

describe('whatever comes in whatever order', () => {
  it('keeps one holder, growing epochs, lawful steps, and one accepted receipt a round', () => {
    const steps = fc.array(rule, { maxLength: 40 });
    const input = fc.record({
      review: fc.constantFrom('none' as const, 'required' as const),
      max_retries: fc.integer({ min: 0, max: 3 }),
      lock: fc.constantFrom(undefined, 'k'),
      origin: fc.constantFrom(undefined, ORIGIN),
    });
    fc.assert(
      fc.property(input, steps, (over, rules) => {
        let state = created(over);
        let accepted = 0;
        rules.forEach((apply, i) => {
          const before = state;
          const next = countReport(dropLock(reviewInTime(apply(before, T0 + i), T0 + i)));
          if (isTerminal(before.status)) {
            expect({
              ...next,
              quarantine: [],
              lock: null,
              events: [],
              events_dropped: 0,
              last_activity_at: 0,
              voided: [],
            }).toEqual({
              ...before,
              quarantine: [],
              lock: null,
              events: [],
              events_dropped: 0,
              last_activity_at: 0,
              voided: [],
            });
          }
          expect(mayFollow(before.status, next.status)).toBe(true);
          expect(next.epoch).toBeGreaterThanOrEqual(before.epoch);
          const live = next.lease !== null && next.lease.lapsed_at === null;
          expect(live && next.claimable_since !== null).toBe(false);
          const alive = next.lease !== null || next.stops.length > 0;
          expect(alive && needsLock(next)).toBe(false);
          expect(next.stops.length > 0 && next.claimable_since !== null).toBe(false);
          if (before.pull?.state === 'merged') expect(next.pull).toEqual(before.pull);
          const merged = next.pull?.state === 'merged';
          if (merged) expect(next.closing?.status ?? next.status).toBe('completed');
          expect(next.retry_count).toBeLessThanOrEqual(next.input.max_retries);
          if (next.receipt && next.receipt !== before.receipt) {
            accepted++;
            expect(accepted).toBeLessThanOrEqual(next.review_count + 1);
          }
          // Nothing gets stuck: an open task is held, claimable, in review, or waits for a deadline.
          const waits =
            live ||
            next.claimable_since !== null ||
            next.status === 'review_pending' ||
            nextDeadline(next) !== null;
          expect(isTerminal(next.status) || waits).toBe(true);
          state = next;
        });
      }),
      { numRuns: 5000 },
    );
  });
});
