/** What the next run of a closed task begins with. */
import type { EarlierRuns } from '../contracts/forge';
import type { TaskInput, TaskReport } from '../workflows/task/types';
import { noCapableHost } from './capable-hosts';
import type { ApiContext } from './context';
import { taskNotFound } from './problems';
import type { TaskReading } from './read-task';
import type { TaskMemo } from './start-options';
import { readArgs } from './task-history';

/** Throws 404 when the history of the task is gone. */
export async function nextInput(
  ctx: Pick<ApiContext, 'client' | 'directory'>,
  id: string,
  { description, report }: TaskReading,
): Promise<TaskInput> {
  const { workflowId, runId, historyLength } = description;
  const args = await readArgs(ctx, { workflowId, runId });
  if (!args) throw taskNotFound(id);
  // A run that was ended from outside does not tell its last epoch; no epoch begins without an event.
  const last = report?.view.epoch ?? (args.carried?.epoch ?? args.input.first_epoch) + historyLength;
  const input = {
    ...args.input,
    ...report?.edited,
    ...(report?.authors && { wrote: report.authors }),
  };
  return {
    ...input,
    no_capable_host: await noCapableHost(ctx, input.labels),
    created_at: Date.now(),
    first_epoch: last + 1,
  };
}

export function nextMemo({ description, report }: TaskReading): Pick<TaskMemo, 'body_hash' | 'forge'> {
  const memo = description.memo as Partial<TaskMemo> | undefined;
  const forge = earlierRuns(memo?.forge, report);
  return { body_hash: memo?.body_hash ?? '', ...(forge && { forge }) };
}

export const NO_EARLIER_RUNS: EarlierRuns = { pulls_until: 0, issue_at: 0, comment: 0 };
const COMMENT = /^comment:(\d+)$/;

/** What a forge has said until now is over; undefined when it has said nothing that could come once more. */
function earlierRuns(before: EarlierRuns | undefined, report: TaskReport | null): EarlierRuns | undefined {
  const known = before ?? NO_EARLIER_RUNS;
  const comments = report?.outcomes.map(({ id }) => Number(COMMENT.exec(id)?.[1] ?? 0)) ?? [];
  const next: EarlierRuns = {
    pulls_until: Math.max(known.pulls_until, report?.pull?.updated_at ?? 0),
    issue_at: known.issue_at,
    comment: Math.max(known.comment, ...comments),
  };
  return Object.values(next).some((value) => value > 0) ? next : undefined;
}
