/** Which task an event is about. */
import { isTaskBranch, tasksOfBranch } from '../../activities/forge/delivery/branch-task';
import type { KnownTask } from '../../activities/forge/delivery/intents';
import { issueTaskId } from '../../activities/forge/delivery/issue-task';
import { isOfRepository } from '../../activities/forge/delivery/plan-pull';
import { taskBranch } from '../../api/start-options';
import type { ForgeEvent } from '../../contracts/forge';
import { listWorkflows } from '../../dispatch/list-workflows';
import { and, equals, typeIs } from '../../dispatch/query';
import { taskIdOf } from '../../workflows/names';
import { TASK_BRANCH } from '../../workflows/search-attributes';
import { orNull } from './as-failure';
import type { ForgeContext, Source } from './forge-context';
import { readKnown } from './known-task';

/** null when there is none, or it is of another forge or repository. */
export async function findTask(
  ctx: ForgeContext,
  source: Source,
  event: ForgeEvent,
): Promise<KnownTask | null> {
  const repository = event.repository.full_name;
  if (event.kind === 'issue') {
    return ofIssue(ctx, source, repository, issueTaskId(repository, event.issue.number));
  }
  if (event.kind === 'comment' && !event.is_pull) {
    return ofIssue(ctx, source, repository, issueTaskId(repository, event.number));
  }
  const branch = await branchOf(source, event);
  return branch === null ? null : ofBranch(ctx, source, repository, branch);
}

async function branchOf({ forge }: Source, event: Exclude<ForgeEvent, { kind: 'issue' }>) {
  if (event.kind === 'push') return event.branch;
  const pull =
    event.kind === 'comment'
      ? await orNull(forge.pull(event.repository.full_name, event.number))
      : event.pull;
  return pull && isOfRepository(pull, event.repository.full_name) ? pull.head.branch : null;
}

async function ofIssue(ctx: ForgeContext, source: Source, repository: string, id: string) {
  const known = (await readKnown(ctx, id))?.known ?? null;
  return known && isOurs(known, source, repository) ? known : null;
}

const isOurs = ({ origin }: KnownTask, source: Source, repository: string) =>
  origin?.source === source.name &&
  origin.repository.toLowerCase() === repository.toLowerCase() &&
  !origin.review_of;

/** By the index, which lags a little behind, else by the name of the branch. */
async function ofBranch(ctx: ForgeContext, source: Source, repository: string, branch: string) {
  const { looks, waitMs } = ctx.indexLag;
  for (let left = isTaskBranch(branch) ? looks : 1; left > 0; left--) {
    const ids = [...(await indexed(ctx, source, repository, branch)), ...tasksOfBranch(repository, branch)];
    for (const id of new Set(ids)) {
      const known = await ofIssue(ctx, source, repository, id);
      if (known) return known;
    }
    if (left > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  return null;
}

async function indexed(ctx: ForgeContext, source: Source, repository: string, branch: string) {
  const ids: string[] = [];
  try {
    const query = and(typeIs('task'), equals(TASK_BRANCH, taskBranch(source.name, repository, branch)));
    for await (const info of listWorkflows(ctx.client, ctx.budget, 'forges', query)) {
      ids.push(taskIdOf(info.workflowId));
    }
  } catch (error) {
    // A name that cannot be searched for is none of a task.
    if (!(error instanceof TypeError)) throw error;
  }
  return ids;
}
