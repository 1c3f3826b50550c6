/** What is posted of a review by an agent. Pure. */
import type { ForgeReport } from '../../../workflows/report/types';
import { code } from '../escape';
import { findingsText } from '../report/findings-text';
import type { Judgement } from './judge';

export function reviewText(
  marker: string,
  judgement: Judgement,
  reviewer: NonNullable<ForgeReport['reviewer']>,
  url: string | null,
): string {
  const { result } = judgement;
  const model = reviewer.model === null ? '' : `, with ${code(reviewer.model)}`;
  const by = `Review by ${code(reviewer.holder)}${model}`;
  return [
    marker,
    `**Signalbox** · ${url === null ? by : `[Review](${url})${by.slice('Review'.length)}`}`,
    ...(judgement.kind === 'comment' ? [judgement.why] : []),
    ...(result === null ? [] : [`${VERDICT[result.verdict]} · confidence ${result.confidence}`]),
    ...(result && result.findings.length > 0 ? [findingsText(result.findings)] : []),
  ].join('\n\n');
}

const VERDICT = {
  approved: 'It can be merged as it is.',
  rejected: 'It cannot be merged as it is.',
} as const;
