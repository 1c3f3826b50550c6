/** What Signalbox knows of a task, when a delivery about it comes. */
import type { KnownTask } from '../../activities/forge/delivery/intents';
import { NO_EARLIER_RUNS } from '../../api/next-run';
import { ApiProblem } from '../../api/problems';
import { readTask, type TaskReading } from '../../api/read-task';
import type { TaskMemo } from '../../api/start-options';
import { readArgs } from '../../api/task-history';
import { isTerminal } from '../../workflows/rules/status';
import type { TaskArgs, TaskReport } from '../../workflows/task/types';
import type { ForgeContext } from './forge-context';

export interface ReadTask {
  known: KnownTask;
  reading: TaskReading;
  args: TaskArgs;
}

/** A task takes one question at a time: who comes second is refused, and asks again. */
const TRIES = 4;
const PAUSE_MS = 150;

/** null when there is none. Throws when it cannot be read now. */
export async function readKnown(ctx: ForgeContext, id: string): Promise<ReadTask | null> {
  try {
    const reading = await readAnswered(ctx, id);
    const { workflowId, runId } = reading.description;
    const args = await readArgs(ctx, { workflowId, runId });
    if (!args) return null;
    return { known: knownTask(id, reading, args), reading, args };
  } catch (error) {
    if (error instanceof ApiProblem && error.statusCode === 404) return null;
    throw error;
  }
}

async function readAnswered(ctx: ForgeContext, id: string): Promise<TaskReading> {
  for (let left = TRIES; left > 0; left--) {
    const reading = await readTask(ctx, id);
    if (!reading.running || reading.report) return reading;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  throw new Error(`no worker answered for ${id}`);
}

function knownTask(
  id: string,
  { running, report, description }: TaskReading,
  { input }: TaskArgs,
): KnownTask {
  // A run that was ended from outside tells nothing.
  const status = report?.view.status ?? 'cancelled';
  const open = running && !isTerminal(status);
  return {
    id,
    open,
    status,
    origin: input.origin ?? null,
    pull: report?.pull ?? null,
    title: report?.view.title ?? input.title,
    labels: report?.view.labels ?? input.labels,
    seen: report?.outcomes.map((one) => one.id) ?? [],
    ended_by: open || status === 'cancelled' ? endedBy(report) : null,
    earlier: (description.memo as Partial<TaskMemo> | undefined)?.forge ?? NO_EARLIER_RUNS,
  };
}

/** The message that did it is the one that was not refused. */
function endedBy(report: TaskReport | null): KnownTask['ended_by'] {
  const id = report?.outcomes.find((one) => /^issue-/.test(one.id) && one.outcome.code === 'ok')?.id;
  return id === undefined ? null : id.startsWith('issue-closed:') ? 'closed' : 'unlabelled';
}
