/**
 * Tells the forge how a task is, for as long as it takes: the outbox of the task. Only the newest report counts. It
 * outlives the task, and ends when the end of the task is told, or refused for good.
 */
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { Failure } from '../../contracts/task';
import type { ForgeActivities } from '../delivery/activity-types';
import { forgeSignal, tellForgeSignal } from '../messages';
import { FORGE_QUEUE, taskWorkflowId } from '../names';
import { isDue, isOver, reviewKey, tellingOf, wanted } from '../rules/outbox';
import type { ForgeMessage } from '../task/message-types';
import type { ForgeReport, ReportInput, ReportState, TellForgeArgs, ToldForge } from './types';

/** A few calls to the forge, each with a limit of its own. A worker that died with one is replaced after this long. */
const TRY_MS = 60_000;

/**
 * One try at a time, or two would both look for the comment and not find it: a try that is under way when a newer
 * report comes is let go to its end, and none comes after it.
 */
const { tellForge, askForReview } = proxyActivities<ForgeActivities>({
  taskQueue: FORGE_QUEUE,
  startToCloseTimeout: TRY_MS,
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '5 minutes' },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

export async function report(input: ReportInput): Promise<ReportState> {
  let state: ReportState = input.carried ?? { wanted: null, told: null, comment_id: null, problem: null };
  let trying: CancellationScope | null = null;

  setHandler(tellForgeSignal, (next) => {
    const before = state;
    state = wanted(state, next);
    if (state !== before) trying?.cancel();
  });

  /** Runs as long as this report is the newest; null when a newer one has come instead of a result. */
  async function attempt<T>(current: ForgeReport, run: () => Promise<T>): Promise<T | null> {
    if (state.wanted !== current) return null;
    const scope = new CancellationScope({ cancellable: true });
    trying = scope;
    try {
      return await scope.run(run);
    } catch (error) {
      if (state.wanted === current) throw error;
      return null;
    } finally {
      trying = null;
    }
  }

  async function bring(current: ForgeReport): Promise<void> {
    const args: TellForgeArgs = tellingOf(input, state, current);
    const answer = await attempt(current, () => tellForge(args));
    if (!answer) return;
    const { run_key, seq } = current;
    state = { ...state, told: { run_key, seq }, comment_id: answer.comment_id ?? state.comment_id };
    if (answer.pull && answer.pull.number !== current.pull?.number)
      await announce(input.task_id, answer.pull);
    const key = reviewKey(input, state, current);
    if (key === null) return;
    const asked = await attempt(current, async () => {
      await askForReview({ ...args, comment_id: state.comment_id });
      return key;
    });
    if (asked !== null) state = { ...state, asked };
  }

  let shown = state.problem;
  function show(): void {
    setCurrentDetails(sentence(state));
    if (shown === state.problem) return;
    shown = state.problem;
    upsertMemo({ problem: shown });
  }

  for (;;) {
    show();
    await condition(() => isDue(state));
    const current = state.wanted;
    if (current === null) continue;
    show();
    try {
      await bring(current);
    } catch (error) {
      state = { ...state, problem: refusalOf(error) };
    }
    show();
    if (isOver(state)) return state;
    if (isLong(input)) return continueAsNew<typeof report>({ ...input, carried: state });
  }
}

/** The forge refused for good, which another report may mend. Anything else, such as a cancellation, ends this. */
function refusalOf(error: unknown): Failure {
  const cause = error instanceof ActivityFailure ? error.cause : null;
  if (!(cause instanceof ApplicationFailure)) throw error;
  return { code: cause.type ?? 'failed', message: cause.message };
}

/** The task hears of its pull request in the same words as by a delivery, which may never come. */
async function announce(taskId: string, pull: NonNullable<ToldForge['pull']>): Promise<void> {
  const message: ForgeMessage = {
    message_id: `opened:${pull.number}`,
    what: 'pull_opened',
    pull,
    by: 'signalbox',
  };
  const task = getExternalWorkflowHandle(taskWorkflowId(taskId));
  // A task that is closed needs to know nothing more.
  await task.signal(forgeSignal, message).catch(() => undefined);
}

function isLong({ max_history_events }: ReportInput): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return continueAsNewSuggested || (max_history_events != null && historyLength > max_history_events);
}

function sentence(state: ReportState): string {
  const { wanted: report, problem } = state;
  if (problem) return `The forge could not be told: ${problem.code}. Waiting until something changes.`;
  return isDue(state) ? `Telling the forge that the task is ${report?.status}.` : 'The forge knows all.';
}
