import type { ForgeEvent, SourceConfig } from '../../../contracts/forge';
import { shortDigest } from '../digest';
import type { Asked, Intent, IssueNow, KnownTask } from './intents';
import { isWanted, taskLabels, taskTitle } from './issue-task';
import { tellPull } from './plan-pull';

export type IssueEvent = Extract<ForgeEvent, { kind: 'issue' }>;

/** Whether the delivery can change anything, so that the forge is to be asked how the issue is now. */
export function concerns(event: IssueEvent, config: SourceConfig, task: KnownTask | null): boolean {
  if (task && (task.open || task.ended_by !== null)) return true;
  // Gitea tells of no label at all when all of them were set at one go.
  const untold = event.action === 'labelled' && event.issue.labels.length === 0;
  return event.issue.open && (untold || isWanted(event.issue.labels, config));
}

/**
 * Decides from how the issue is now. Deliveries come in any order, and each means the same then: bring the task to
 * what the issue says. Only what a delivery alone tells, such as that it was reopened, is taken from it.
 */
export function planIssue(
  event: IssueEvent,
  config: SourceConfig,
  task: KnownTask | null,
  { issue, pull }: Pick<Asked, 'issue' | 'pull'>,
  by: string,
): Intent[] {
  if (!issue) return nothing('the issue is none of ours');
  const wanted = issue.open && !issue.is_pull && isWanted(issue.labels, config);
  if (!task) return wanted ? [{ do: 'start', issue }] : nothing('the issue asks for no task');
  if (!task.open) return wanted ? again(event, task, issue) : nothing(`the task is ${task.status}`);
  if (task.ended_by !== null) {
    // Its run is being stopped; nothing else can begin before that.
    return wanted ? [{ do: 'wait', why: 'the task is being ended' }] : nothing('the task is being ended');
  }
  const cancel = (why: string, reason: string): Intent[] => [
    {
      do: 'cancel',
      message: { message_id: `issue-${why}:${issue.updated_at}`, reason, by },
      comment: null,
    },
  ];
  if (!issue.open) {
    // The merge closes the issue, and its own delivery may come later.
    if (pull?.merged) return [tellPull(pull, 'closed', by)];
    return cancel('closed', 'the issue was closed');
  }
  if (!wanted) return cancel('unlabelled', 'the issue lost its label');
  return event.action === 'edited' || differs(task, issue, config)
    ? [{ do: 'edit', issue, by }]
    : nothing('the task is as the issue says');
}

/** A task that failed is not begun anew by some other label: the issue ended it, or was reopened. */
function again(event: IssueEvent, task: KnownTask, issue: IssueNow): Intent[] {
  if (task.ended_by === null && event.action !== 'reopened') return nothing(`the task is ${task.status}`);
  if (issue.updated_at <= task.earlier.issue_at) return nothing('this has had the task run again before');
  return [{ do: 'run_again', issue, because: { issue_at: issue.updated_at } }];
}

function differs(task: KnownTask, issue: IssueNow, config: SourceConfig): boolean {
  const labels = taskLabels(issue.labels, config);
  return (
    task.title !== taskTitle(issue.title, issue.number) ||
    labels.length !== task.labels.length ||
    labels.some((label) => !task.labels.includes(label))
  );
}

export const editId = (issue: IssueNow, labels: readonly string[]) =>
  `edit:${issue.updated_at}:${shortDigest(issue.title, issue.body, ...labels)}`;

const nothing = (why: string): Intent[] => [{ do: 'nothing', why }];
