/** Does what a delivery is met with. Each of these may be done again, and changes nothing then. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Intent, IssueNow, KnownTask } from '../../activities/forge/delivery/intents';
import { editId } from '../../activities/forge/delivery/plan-issue';
import { assignTask } from '../../api/assign-task';
import { NO_EARLIER_RUNS, nextInput, nextMemo } from '../../api/next-run';
import { ApiProblem } from '../../api/problems';
import { startTask } from '../../api/start-task';
import { temporalProblem } from '../../api/temporal-errors';
import type { EarlierRuns, ForgeEvent } from '../../contracts/forge';
import { cancelSignal, editSignal, forgeSignal, reviewSignal } from '../../workflows/messages';
import type { ForgeContext, Source } from './forge-context';
import { issueHash, issueInput, originOf, wordsOf } from './issue-input';
import { readKnown } from './known-task';
import { performReview } from './perform-review';
import { reply } from './reply';
import { type Heard, tellTask } from './tell-task';

/** In milliseconds; a run on a host takes some seconds to be seen dead. */
const WAIT_MS = 1_000;

export interface About {
  source: Source;
  event: ForgeEvent;
  task: KnownTask | null;
}

/** @returns a line for people */
export async function perform(ctx: ForgeContext, about: About, intent: Intent): Promise<string> {
  const { source, task } = about;
  const repository = about.event.repository.full_name;
  if (intent.do === 'nothing') return `nothing: ${intent.why}`;
  if (intent.do === 'wait') throw later(intent.why);
  if (intent.do === 'start') return start(ctx, about, intent.issue);
  if (intent.do === 'reply') return answer(about, intent.comment, intent.text);
  if (!task) throw new Error(`${intent.do} without a task`);
  switch (intent.do) {
    case 'run_again':
      return runAgain(ctx, about, task, intent.issue, intent.because);
    case 'edit': {
      const { issue } = intent;
      const words = await wordsOf(ctx, source, issue);
      const message = { message_id: editId(issue, words.labels), ...words, updated_at: issue.updated_at };
      return `edit: ${(await tellTask(ctx, task.id, editSignal, message)).line}`;
    }
    case 'tell':
      return `${intent.message.what}: ${(await tellTask(ctx, task.id, forgeSignal, intent.message)).line}`;
    case 'cancel':
      return said(about, intent, await tellTask(ctx, task.id, cancelSignal, intent.message));
    case 'approve':
      return said(about, intent, await tellTask(ctx, task.id, reviewSignal, intent.message));
    case 'review':
      return performReview(ctx, source, repository, task, intent.review);
    case 'assign':
      return assign(ctx, about, task, intent);
  }
}

/** The engine tries the delivery again. */
const later = (message: string) =>
  ApplicationFailure.create({ message, type: 'wait', nextRetryDelay: WAIT_MS });

async function start(ctx: ForgeContext, { source, event }: About, issue: IssueNow): Promise<string> {
  const input = await issueInput(ctx, source, event.repository, issue);
  const memo = { body_hash: issueHash(source, event.repository.full_name, issue.number) };
  try {
    await startTask(ctx, input, memo, 'REJECT_DUPLICATE');
    return `started ${input.task_id}`;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const origin = (await readKnown(ctx, input.task_id))?.known.origin;
    return origin?.source === source.name
      ? `${input.task_id} was there already`
      : `the id ${input.task_id} belongs to a task that did not come from this forge`;
  }
}

async function runAgain(
  ctx: ForgeContext,
  { source, event }: About,
  task: KnownTask,
  issue: IssueNow,
  because: Partial<EarlierRuns>,
): Promise<string> {
  const read = await readKnown(ctx, task.id);
  if (!read || read.known.open) return `${task.id} runs already`;
  // It hands its last report on.
  if (read.reading.running) throw later(`${task.id} is about to close`);
  const { forge, ...memo } = nextMemo(read.reading);
  const next = await nextInput(ctx, task.id, read.reading);
  const input = {
    ...next,
    ...(await wordsOf(ctx, source, issue)),
    origin: originOf(source, event.repository, issue),
    edited_at: Math.max(issue.updated_at, next.edited_at ?? 0),
  };
  try {
    const earlier = { ...NO_EARLIER_RUNS, ...forge, ...because };
    await startTask(ctx, input, { ...memo, forge: earlier }, 'ALLOW_DUPLICATE');
    return `started ${task.id} again`;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return `${task.id} runs already`;
    throw error;
  }
}

async function assign(
  ctx: ForgeContext,
  about: About,
  task: KnownTask,
  { name, message_id, by, comment }: Extract<Intent, { do: 'assign' }>,
): Promise<string> {
  try {
    const who = { message_id, reason: 'by a comment', by };
    return `assigned to ${await assignTask(ctx, task.id, name, who)}`;
  } catch (error) {
    // A refusal is an answer; an engine that is away is asked again.
    const problem = error instanceof ApiProblem ? error : temporalProblem(error);
    if (!problem || problem.statusCode >= 500) throw error;
    return answer(about, comment, `That cannot be: ${problem.message}.`);
  }
}

/** A person hears of what was not done. */
async function said(
  about: About,
  { do: what, comment }: { do: string; comment: number | null },
  { done, line }: Heard,
) {
  if (done || comment === null) return `${what}: ${line}`;
  return `${what}: ${line}; ${await answer(about, comment, `That cannot be: ${line.replaceAll('_', ' ')}.`)}`;
}

function answer({ source, event }: About, comment: number, text: string): Promise<string> {
  if (event.kind !== 'comment') throw new Error('only a comment is answered');
  return reply(source, event.repository.full_name, event.number, comment, text);
}
