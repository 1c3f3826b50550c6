/** What a review by an agent counts for. Pure. */
import type { ReviewSubject, SourceConfig } from '../../../contracts/forge';
import type { ForgeReport } from '../../../workflows/report/types';
import { findReviewResult, type ReviewResult } from './find-result';

export type Judgement =
  /** Posted as a review, and told to the task. */
  | { kind: 'verdict'; verdict: 'approved' | 'rejected'; result: ReviewResult }
  /** Posted as a comment; the task goes on waiting for somebody else. */
  | { kind: 'comment'; why: string; result: ReviewResult | null };

export function judge(
  reviewer: NonNullable<ForgeReport['reviewer']>,
  { authors }: Pick<ReviewSubject, 'authors'>,
  { approve_at, other_model }: Pick<SourceConfig['review'], 'approve_at' | 'other_model'>,
): Judgement {
  const result = findReviewResult(reviewer.output);
  if (result === null) {
    return { kind: 'comment', why: 'The reviewer handed in no verdict that can be read.', result };
  }
  if (authors.holders.includes(reviewer.holder)) {
    return {
      kind: 'comment',
      why: 'The reviewer worked on this change, so its verdict does not count.',
      result,
    };
  }
  if (other_model && reviewer.model !== null && authors.models.some(isSame(reviewer.model))) {
    return {
      kind: 'comment',
      why: 'The reviewer used the model that wrote this change, so its verdict does not count.',
      result,
    };
  }
  if (result.verdict === 'approved' && result.confidence < approve_at) {
    return {
      kind: 'comment',
      why: `The reviewer would approve, but is not sure enough: ${result.confidence}, and ${approve_at} is asked for.`,
      result,
    };
  }
  return { kind: 'verdict', verdict: result.verdict, result };
}

/** A date, or the maker, makes no other model of it: `maker/model-20260101`. */
const isSame = (a: string) => (b: string) => plain(a) === plain(b);
const plain = (model: string) =>
  (model.toLowerCase().trim().split('/').at(-1) ?? '').replace(
    /[-@:](?:\d{8}|\d{4}-\d{2}-\d{2}|latest)$/,
    '',
  );
