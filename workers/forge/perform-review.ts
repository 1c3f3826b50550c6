/** A person's review, told to the task with what it found. */

import type { KnownTask, Review } from '../../activities/forge/delivery/intents';
import { diffDigest } from '../../activities/forge/digest';
import { type Forge, ForgeError, isPassing } from '../../activities/forge/forge';
import { FINDINGS_MAX, type Finding } from '../../contracts/receipt';
import type { Text } from '../../contracts/task';
import { reviewSignal } from '../../workflows/messages';
import type { ForgeContext, Source } from './forge-context';
import { readKnown } from './known-task';
import { tellTask } from './tell-task';

const MESSAGE_MAX = 4_096;
const FILE_MAX = 1_024;
/** A longer diff may have been cut: its digest would not tell two changes apart. */
const DIGEST_MAX_BYTES = 900_000;

export async function performReview(
  ctx: ForgeContext,
  source: Source,
  repository: string,
  task: KnownTask,
  review: Review,
): Promise<string> {
  const { message_id, verdict, by, pull } = review;
  // It has just been told of the pull request.
  const now = (await readKnown(ctx, task.id))?.known;
  if (now?.pull && now.pull.head_sha !== pull.head.sha) return 'it is about a commit that is not the newest';
  const findings = verdict === 'rejected' ? await findingsOf(ctx, source, repository, review) : [];
  const change = await changeOf(source.forge, repository, pull.number, pull.head.sha);
  const message = { message_id, verdict, findings, confidence: null, by, change };
  return `${verdict}: ${(await tellTask(ctx, task.id, reviewSignal, message)).line}`;
}

async function findingsOf(
  ctx: ForgeContext,
  { forge }: Source,
  repository: string,
  { pull, login, review_id, body }: Review,
): Promise<Finding[]> {
  const said = (await textOf(ctx, body)).trim();
  const onLines = await forge.reviewFindings(repository, pull.number, login, review_id);
  const all = [...(said === '' ? [] : [{ message: said }]), ...onLines].map(bounded);
  return all.length > 0
    ? all.slice(0, FINDINGS_MAX)
    : [{ message: 'Changes were requested, without a word about which.' }];
}

const bounded = (finding: Finding): Finding => {
  const { file, ...rest } = finding;
  const message = finding.message.trim().slice(0, MESSAGE_MAX) || '(nothing was written)';
  return { ...rest, message, ...(file !== undefined && file.length <= FILE_MAX && { file }) };
};

/** The beginning of it, when it is long. */
export async function textOf({ blobs }: Pick<ForgeContext, 'blobs'>, text: Text): Promise<string> {
  if ('inline' in text) return text.inline;
  const bytes = await blobs.read(text.ref, { end: MESSAGE_MAX * 4 });
  return bytes === null ? '' : Buffer.from(bytes).toString();
}

/** Names what was judged by its content: the same change may come with another commit. */
export async function changeOf(
  forge: Forge,
  repository: string,
  pull: number,
  headSha: string,
): Promise<string> {
  try {
    return changeName(await forge.diff(repository, pull), headSha);
  } catch (error) {
    if (error instanceof ForgeError && !isPassing(error)) return headSha;
    throw error;
  }
}

export const changeName = (diff: string, headSha: string) =>
  diff === '' || Buffer.byteLength(diff) > DIGEST_MAX_BYTES ? headSha : diffDigest(diff);
