/** Which issue a branch may be about, by its name alone. Pure. */
import { issueBranch, issueTaskId } from './issue-task';

const UNDER_TASK = /^(?:.+\/)?task\/(.+)$/;
/** No forge counts its issues beyond. */
const DIGITS_MAX = 9;

/** A task may be behind it: worth a second look when none is found. */
export const isTaskBranch = (branch: string) => UNDER_TASK.test(branch);

/**
 * Ids of tasks, the likeliest first: of the branch that Signalbox itself gives an issue, else of each part below
 * `task/` that is a number, or begins with one (`task/42`, `task/claude/42-login`).
 */
export function tasksOfBranch(repository: string, branch: string): string[] {
  const below = UNDER_TASK.exec(branch)?.[1];
  if (below === undefined) return [];
  const ids: string[] = [];
  const last = numberOf(/(\d+)$/.exec(below)?.[1]);
  if (last !== null) {
    const id = issueTaskId(repository, last);
    if (issueBranch(id, last) === branch) ids.push(id);
  }
  for (const segment of below.split('/')) {
    const first = numberOf(/^(\d+)(?![A-Za-z0-9])/.exec(segment)?.[1]);
    if (first !== null) ids.push(issueTaskId(repository, first));
  }
  return [...new Set(ids)];
}

function numberOf(digits: string | undefined): number | null {
  if (digits === undefined || digits.length > DIGITS_MAX || digits.startsWith('0')) return null;
  return Number(digits);
}
