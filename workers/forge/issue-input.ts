/** The input of the task of an issue. */
import type { IssueNow } from '../../activities/forge/delivery/intents';
import { issueBranch, issueTaskId, taskLabels, taskTitle } from '../../activities/forge/delivery/issue-task';
import { bodyHash } from '../../api/body-hash';
import { noCapableHost } from '../../api/capable-hosts';
import { keepText } from '../../api/keep-text';
import { taskInput } from '../../api/task-input';
import type { ForgeEvent, TaskOrigin } from '../../contracts/forge';
import { createTaskSchema } from '../../contracts/task';
import type { TaskInput } from '../../workflows/task/types';
import type { ForgeContext, Source } from './forge-context';

/** What `createTaskSchema` takes. */
const BODY_MAX = 1_048_576;

export const issueHash = (source: Source, repository: string, issue: number) =>
  bodyHash({ forge: source.name, repository, issue });

export async function issueInput(
  ctx: ForgeContext,
  source: Source,
  repository: ForgeEvent['repository'],
  issue: IssueNow,
): Promise<TaskInput> {
  const { config } = source;
  const id = issueTaskId(repository.full_name, issue.number);
  const words = await wordsOf(ctx, source, issue);
  const request = createTaskSchema.parse({
    title: words.title,
    body: issue.body.slice(0, BODY_MAX),
    labels: words.labels,
    repository: repository.clone_url,
    branch_name: issueBranch(id, issue.number),
    review: 'required',
    ...(config.template !== undefined && { template: config.template }),
    ...(config.max_retries !== undefined && { max_retries: config.max_retries }),
  });
  const input = taskInput(request, ctx.config, {
    id,
    product: config.product,
    body: words.body,
    change: null,
    noCapableHost: await noCapableHost(ctx, words.labels),
    now: Date.now(),
  });
  return { ...input, origin: originOf(source, repository, issue), edited_at: issue.updated_at };
}

/** What an issue says to whoever works on it. */
export async function wordsOf(
  { blobs }: Pick<ForgeContext, 'blobs'>,
  { config }: Source,
  issue: IssueNow,
): Promise<Pick<TaskInput, 'title' | 'body' | 'labels'>> {
  return {
    title: taskTitle(issue.title, issue.number),
    body: await keepText(blobs, issue.body.slice(0, BODY_MAX)),
    labels: taskLabels(issue.labels, config),
  };
}

export const originOf = (
  source: Source,
  repository: ForgeEvent['repository'],
  issue: IssueNow,
): TaskOrigin => ({
  source: source.name,
  repository: repository.full_name,
  issue: issue.number,
  url: issue.url,
  base_branch: repository.default_branch,
});
