/** Deliveries of GitHub. */
import { z } from 'zod';
import type { ForgeEvent, reviewEventSchema } from '../../contracts/forge';
import { action, pullPayload, text } from './payload-parts';
import { checked, type Dialect, type Parse, pullFacts, reduceCommon } from './reduce';

type Verdict = z.infer<typeof reviewEventSchema>['verdict'];

const DIALECT: Dialect = {
  issueActions: new Map([
    ['opened', 'opened'],
    ['edited', 'edited'],
    ['closed', 'closed'],
    ['deleted', 'closed'],
    ['transferred', 'closed'],
    ['reopened', 'reopened'],
    ['labeled', 'labelled'],
    ['unlabeled', 'labelled'],
  ]),
  pullActions: new Map([
    ['opened', 'opened'],
    ['edited', 'edited'],
    ['closed', 'closed'],
    ['reopened', 'reopened'],
    ['synchronize', 'pushed'],
  ]),
  headBranch: ({ ref }) => ref,
};

const VERDICTS = new Map<string, Verdict>([
  ['approved', 'approved'],
  ['changes_requested', 'rejected'],
  ['commented', 'comment'],
]);

const reviewPayload = pullPayload.extend({
  review: z.object({ id: z.number().int(), state: z.string().max(64), body: text }),
});

export const parseGithub: Parse = (event, payload, receivedAt) =>
  event === 'pull_request_review'
    ? reviewEvent(payload, receivedAt)
    : reduceCommon(DIALECT, event, payload, receivedAt);

/** Of those submitted; one that is edited or dismissed later changes no verdict. */
function reviewEvent(payload: unknown, receivedAt: number): ForgeEvent | null {
  if (action.parse(payload).action !== 'submitted') return null;
  const { pull_request, repository, sender, review } = reviewPayload.parse(payload);
  const verdict = VERDICTS.get(review.state.toLowerCase());
  if (verdict === undefined) return null;
  return checked({
    kind: 'review',
    repository,
    sender,
    verdict,
    body: { inline: review.body },
    review_id: review.id,
    pull: pullFacts(DIALECT, pull_request, receivedAt),
  });
}
