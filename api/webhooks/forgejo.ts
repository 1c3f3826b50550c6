/** Deliveries of Forgejo and of Gitea, which has the same code. */
import { z } from 'zod';
import type { ForgeEvent, reviewEventSchema } from '../../contracts/forge';
import { pullPayload, text } from './payload-parts';
import { checked, type Dialect, type Parse, pullFacts, reduceCommon } from './reduce';

type Verdict = z.infer<typeof reviewEventSchema>['verdict'];

const DIALECT: Dialect = {
  issueActions: new Map([
    ['opened', 'opened'],
    ['edited', 'edited'],
    ['closed', 'closed'],
    ['deleted', 'closed'],
    ['reopened', 'reopened'],
    ['label_updated', 'labelled'],
    ['label_cleared', 'labelled'],
  ]),
  pullActions: new Map([
    ['opened', 'opened'],
    ['edited', 'edited'],
    ['closed', 'closed'],
    ['reopened', 'reopened'],
    ['synchronized', 'pushed'],
  ]),
  // Once the branch is deleted, `ref` is `refs/pull/7/head` and only the label still names it.
  headBranch: ({ ref, label }) => (ref.startsWith('refs/pull/') && label ? label : ref),
};

/** Of X-Forgejo-Event; X-Forgejo-Event-Type has other words, and `pull_request_comment` for something else. */
const REVIEWS = new Map<string, Verdict>([
  ['pull_request_approved', 'approved'],
  ['pull_request_rejected', 'rejected'],
  ['pull_request_comment', 'comment'],
]);

const reviewPayload = pullPayload.extend({ review: z.object({ content: text }).nullish() });

export const parseForgejo: Parse = (event, payload, receivedAt) => {
  const verdict = REVIEWS.get(event);
  if (verdict === undefined) return reduceCommon(DIALECT, event, payload, receivedAt);
  return reviewEvent(verdict, payload, receivedAt);
};

function reviewEvent(verdict: Verdict, payload: unknown, receivedAt: number): ForgeEvent {
  const { pull_request, repository, sender, review } = reviewPayload.parse(payload);
  return checked({
    kind: 'review',
    repository,
    sender,
    verdict,
    body: { inline: review?.content ?? '' },
    review_id: null,
    pull: pullFacts(DIALECT, pull_request, receivedAt),
  });
}
