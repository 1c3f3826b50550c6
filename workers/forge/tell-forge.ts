/** Brings comment, pull request and commit status of a task to what its report says. All of it may be repeated. */

import { taskPull } from '../../activities/forge/delivery/plan-pull';
import { type Forge, ForgeError, isPassing } from '../../activities/forge/forge';
import { taskMarker } from '../../activities/forge/markers';
import { pullText } from '../../activities/forge/report/pull-text';
import { reportText, statusOf } from '../../activities/forge/report/report-text';
import { taskUrl } from '../../activities/forge/report/task-url';
import type { ForgeActivities } from '../../workflows/delivery/activity-types';
import type { TellForgeArgs, ToldForge } from '../../workflows/report/types';
import { asFailure } from './as-failure';
import { type ForgeContext, sourceOf } from './forge-context';
import { tellVerdict } from './tell-verdict';

/** Names our status among those of others: a later one takes the place of an earlier one. */
const STATUS_CONTEXT = 'signalbox';
const COMMIT = /^[0-9a-f]{40,64}$/;

export function createTellForge(ctx: ForgeContext): Pick<ForgeActivities, 'tellForge'> {
  return {
    tellForge: (args) =>
      asFailure(args.origin.source, async () => {
        const source = sourceOf(ctx, args.origin.source);
        if (args.origin.review_of) {
          await tellVerdict(ctx, source, args, args.origin.review_of);
          return { comment_id: null, pull: null };
        }
        return tell(source.forge, args, taskUrl(ctx.config.public_url ?? null, args.task_id));
      }),
  };
}

async function tell(forge: Forge, args: TellForgeArgs, url: string | null): Promise<ToldForge> {
  const { task_id, report, origin } = args;
  const { repository, issue } = origin;
  const refusals: ForgeError[] = [];
  /** What the forge refuses does not keep the rest from being told. */
  async function part<T>(run: () => Promise<T>): Promise<T | null> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof ForgeError) || isPassing(error)) throw error;
      refusals.push(error);
      return null;
    }
  }
  const opened = await part(() => pullOf(forge, args, url));
  const pull = report.pull ?? opened;
  const body = reportText({ task_id, report, pull, url });
  const comment_id = await part(() =>
    keepComment(forge, repository, issue, taskMarker(task_id), body, args.comment_id),
  );
  await part(() => tellStatus(forge, args, pull?.head_sha ?? null, url));
  const [refused] = refusals;
  if (refused) throw refused;
  return { comment_id, pull: opened };
}

/** The pull request that the task does not know of: opened now, or found. */
async function pullOf(
  forge: Forge,
  { task_id, report, origin }: TellForgeArgs,
  url: string | null,
): Promise<ToldForge['pull']> {
  const { receipt, status, branch_name } = report;
  if (report.pull || !receipt || (status !== 'review_pending' && status !== 'completed')) return null;
  const { repository, base_branch, issue } = origin;
  const found = await forge.findPull(repository, branch_name, base_branch);
  if (found) return taskPull(found);
  const head = await forge.branchHead(repository, branch_name);
  // Nothing was pushed: the task is judged by its receipt.
  if (head === null || head === (await forge.branchHead(repository, base_branch))) return null;
  const text = pullText(task_id, report, issue, url);
  return taskPull(await forge.openPull(repository, { ...text, head: branch_name, base: base_branch }));
}

/** Edits the one comment; one that somebody has deleted is made anew. */
export async function keepComment(
  forge: Forge,
  repository: string,
  issue: number,
  marker: string,
  body: string,
  known: number | null,
): Promise<number> {
  if (known !== null && (await edited(forge, repository, known, body))) return known;
  const found = await forge.findComment(repository, issue, marker);
  if (found && found.id !== known) {
    if (found.body === body || (await edited(forge, repository, found.id, body))) return found.id;
  }
  return (await forge.comment(repository, issue, body)).id;
}

async function edited(forge: Forge, repository: string, id: number, body: string): Promise<boolean> {
  try {
    await forge.editComment(repository, id, body);
    return true;
  } catch (error) {
    if (error instanceof ForgeError && error.code === 'not_found') return false;
    throw error;
  }
}

async function tellStatus(
  forge: Forge,
  { report, origin }: TellForgeArgs,
  pullHead: string | null,
  url: string | null,
): Promise<void> {
  const commit = report.receipt?.artifacts.commit ?? '';
  const sha = pullHead ?? (COMMIT.test(commit) ? commit : null);
  if (sha === null) return;
  const status = { ...statusOf(report), context: STATUS_CONTEXT, url: url ?? origin.url };
  try {
    await forge.setStatus(origin.repository, sha, status);
  } catch (error) {
    // A commit that was never pushed, or is there no more, has no status.
    if (!(error instanceof ForgeError && error.code === 'not_found')) throw error;
  }
}
