/** Whether the rounds of a review lead anywhere. */
import type { Finding } from '../../contracts/receipt';
import type { Failure } from '../../contracts/task';
import { shortHash } from '../names';
import type { ReviewRound } from '../task/types';

/** Three are looked at; a few more are for people. */
const ROUNDS_MAX = 10;
const SHOWN = 12;

/** The same for the same point, wherever it has moved to: without numbers, case and white space. */
export const fingerprint = ({ file, message }: Finding): string =>
  shortHash(`${file ?? ''}\n${message.toLowerCase().replace(/[\d\s]+/g, '')}`);

/** @param change names what was judged, as `ReviewRound.change` */
export const roundOf = (findings: readonly Finding[], change: string | null): ReviewRound => ({
  findings: [...new Set(findings.map(fingerprint))].sort(),
  change,
});

export const withRound = (rounds: readonly ReviewRound[], round: ReviewRound): ReviewRound[] =>
  [...rounds, round].slice(-ROUNDS_MAX);

/**
 * Why another round would be in vain, after the latest rejection; else null. What was judged has to be known for
 * that: two rounds of which only one says it are not compared.
 */
export function notConverging(rounds: readonly ReviewRound[]): Failure | null {
  const [last, before, earlier] = rounds.toReversed();
  if (!last || !before || last.change === null) return null;
  if (last.change === before.change) {
    if (last.findings.length === 0 || last.findings.join() !== before.findings.join()) return null;
    const found =
      last.findings.length === 1 ? 'the same finding' : `the same ${last.findings.length} findings`;
    return failure(`two reviews in a row have ${found}, and nothing has changed between them`, last.change);
  }
  if (before.change === null || last.change !== earlier?.change) return null;
  return failure('the change has swung back: it is again what was rejected two rounds ago', last.change);
}

const failure = (seen: string, change: string): Failure => ({
  code: 'not_converging',
  message: `${seen} (${change.slice(0, SHOWN)})`,
});
