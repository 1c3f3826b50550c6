/** Makes the task of an agent that judges the pull request of another. */
import { ApplicationFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { reviewRequest, reviewTaskId } from '../../activities/forge/review/review-task';
import { bodyHash } from '../../api/body-hash';
import { noCapableHost } from '../../api/capable-hosts';
import { keepText } from '../../api/keep-text';
import { nextInput, nextMemo } from '../../api/next-run';
import { startTask } from '../../api/start-task';
import { taskInput } from '../../api/task-input';
import type { PullFacts, ReviewSubject } from '../../contracts/forge';
import type { Change } from '../../contracts/task';
import type { ForgeActivities } from '../../workflows/delivery/activity-types';
import { cancelSignal } from '../../workflows/messages';
import type { TellForgeArgs } from '../../workflows/report/types';
import type { TaskInput } from '../../workflows/task/types';
import { asFailure } from './as-failure';
import { type ForgeContext, type Source, sourceOf } from './forge-context';
import { type ReadTask, readKnown } from './known-task';
import { changeName } from './perform-review';
import { tellTask } from './tell-task';

/** In milliseconds; a run on a host is seen dead before its task is closed. */
const WAIT_MS = 1_000;

export function createAskForReview(ctx: ForgeContext): Pick<ForgeActivities, 'askForReview'> {
  return {
    askForReview: (args) =>
      asFailure(args.origin.source, () => ask(ctx, sourceOf(ctx, args.origin.source), args)),
  };
}

async function ask(ctx: ForgeContext, source: Source, args: TellForgeArgs): Promise<void> {
  const { report, origin, task_id } = args;
  const { pull: known } = report;
  if (source.config.review.by !== 'agents' || origin.review_of) return;
  if (report.status !== 'review_pending' || known?.state !== 'open' || known.approved) return;
  const pull = await source.forge.pull(origin.repository, known.number);
  if (!pull.open) return;
  const id = reviewTaskId(task_id, report.review_count);
  const before = await readKnown(ctx, id);
  if (before && (await isTheSame(ctx, id, before, report.run_key, pull.head.sha))) return;
  const about = await readKnown(ctx, task_id);
  if (!about) return;
  const input = await inputOf(ctx, source, args, { id, pull, repository: about.args.input.repository });
  const first_epoch = before ? (await nextInput(ctx, id, before.reading)).first_epoch : 1;
  const memo = before ? nextMemo(before.reading) : { body_hash: bodyHash({ review_of: task_id }) };
  try {
    await startTask(ctx, { ...input, first_epoch }, memo, before ? 'ALLOW_DUPLICATE' : 'REJECT_DUPLICATE');
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    // Another try of this has made it, or that of before is just closing: the next look tells.
    throw later(`the review ${id} is there`);
  }
}

/** True when it judges the same change. One that is outdated is ended, and asked about again then. */
async function isTheSame(
  ctx: ForgeContext,
  id: string,
  { known }: ReadTask,
  runKey: string,
  headSha: string,
): Promise<boolean> {
  const of = known.origin?.review_of;
  if (!of) {
    throw ApplicationFailure.nonRetryable(
      `the id ${id} belongs to a task that is no review; a person has to review`,
      'id_conflict',
    );
  }
  if (of.run_key === runKey && of.head_sha === headSha) return true;
  if (!known.open) return false;
  await tellTask(ctx, id, cancelSignal, {
    message_id: `outdated:${headSha.slice(0, 40)}`,
    reason: 'what it judges was changed',
    by: 'signalbox',
  });
  throw later(`the outdated review ${id} is being ended`);
}

const later = (message: string) =>
  ApplicationFailure.create({ message, type: 'wait', nextRetryDelay: WAIT_MS });

async function inputOf(
  ctx: ForgeContext,
  { config, forge }: Source,
  { task_id, product, report, origin }: TellForgeArgs,
  { id, pull, repository }: { id: string; pull: PullFacts; repository: string | null },
): Promise<TaskInput> {
  const { title, body } = await forge.issue(origin.repository, origin.issue);
  const diff = await forge.diff(origin.repository, pull.number);
  const template = config.review.template ?? config.template;
  const request = reviewRequest({
    title,
    body,
    number: origin.issue,
    pull: { number: pull.number, url: pull.url, base: pull.base, branch: pull.head.branch },
    repository,
    labels: config.review.labels,
    template,
    max_retries: config.max_retries,
    diff,
  });
  const change: Change = { diff: request.diff, affected_files: request.affected_files };
  const input = taskInput(request, ctx.config, {
    id,
    product,
    body: await keepText(ctx.blobs, request.body),
    change: await keepText(ctx.blobs, JSON.stringify(change)),
    noCapableHost: await noCapableHost(ctx, request.labels),
    now: Date.now(),
  });
  const review_of: ReviewSubject = {
    task_id,
    round: report.review_count,
    pull: pull.number,
    head_sha: pull.head.sha,
    run_key: report.run_key,
    change: changeName(diff, pull.head.sha),
    authors: report.authors,
  };
  return { ...input, origin: { ...origin, review_of }, not_by: report.authors.holders };
}
