/** Posting a review, the same for every forge: once, with comments on lines where they can be. */
import type { PullFacts } from '../../contracts/forge';
import type { Finding } from '../../contracts/receipt';
import { diffLines } from './diff-lines';
import { ForgeError, type NewReview } from './forge';
import type { ReviewFacts } from './shapes';

export type LineComment = Finding & Required<Pick<Finding, 'file' | 'line'>>;

/** What a forge must be able to do for it. */
export interface ReviewPort {
  me(): Promise<string>;
  pull(): Promise<PullFacts>;
  diff(): Promise<string>;
  reviews(): Promise<ReviewFacts[]>;
  create(comments: LineComment[]): Promise<void>;
}

/** As Gitea and Forgejo, and as GitHub call them. */
const STATES: Record<NewReview['event'], string[]> = {
  approve: ['APPROVED'],
  request_changes: ['REQUEST_CHANGES', 'CHANGES_REQUESTED'],
  comment: ['COMMENT', 'COMMENTED'],
};
const SUBMITTED = new Set(Object.values(STATES).flat());

export const sameLogin = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

/** @returns false when the forge does not let this user say that */
export async function postReview(port: ReviewPort, review: NewReview): Promise<boolean> {
  if (await isThere(port, review)) return true;
  const comments = await onShownLines(port, review.findings);
  try {
    await port.create(comments);
    return true;
  } catch (error) {
    if (!(error instanceof ForgeError) || error.code !== 'rejected') throw error;
    if (review.event !== 'comment' && (await isOwn(port))) return false;
    if (comments.length === 0) throw error;
    // One line that the forge does not know refuses the whole; all findings are in the body too.
    await port.create([]);
    return true;
  }
}

/** The reply to an earlier try may have been lost. */
async function isThere(port: ReviewPort, { event, body, head_sha }: NewReview): Promise<boolean> {
  const me = await port.me();
  return (await port.reviews()).some(
    (one) =>
      sameLogin(one.author, me) &&
      one.commit_id === head_sha &&
      STATES[event].includes(one.state) &&
      normal(one.body) === normal(body),
  );
}

/** Forges change the ends of lines. */
const normal = (text: string) => text.replaceAll('\r\n', '\n').trim();

const isOwn = async (port: ReviewPort) => sameLogin((await port.pull()).author, await port.me());

async function onShownLines(port: ReviewPort, findings: Finding[]): Promise<LineComment[]> {
  const placed = findings.filter(
    (one): one is LineComment => one.file !== undefined && one.line !== undefined,
  );
  if (placed.length === 0) return [];
  const shown = diffLines(await port.diff());
  return placed.filter(({ file, line }) => shown.get(file)?.has(line) === true);
}

/** Undefined when this person has not said anything yet. */
export const newestBy = (reviews: ReviewFacts[], login: string): ReviewFacts | undefined =>
  reviews
    .filter(({ author, state }) => sameLogin(author, login) && SUBMITTED.has(state))
    .reduce<ReviewFacts | undefined>((newest, one) => (one.id > (newest?.id ?? 0) ? one : newest), undefined);
