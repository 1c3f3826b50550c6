/**
 * The typed search attributes. SQL visibility has room for 10 Keyword, 3 KeywordList, 3 Int and
 * 3 Datetime attributes in a namespace; values are stored in plain text, so no prompts and no secrets.
 */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

export const TASK_STATUS = defineSearchAttributeKey('TaskStatus', SearchAttributeType.KEYWORD);
export const EXECUTION_MODE = defineSearchAttributeKey('ExecutionMode', SearchAttributeType.KEYWORD);
/** `host:<id>` or `agent:<id>`: who holds the task, or is to take it up. */
export const HOLDER = defineSearchAttributeKey('Holder', SearchAttributeType.KEYWORD);
export const REPOSITORY = defineSearchAttributeKey('Repository', SearchAttributeType.KEYWORD);
export const PRODUCT = defineSearchAttributeKey('Product', SearchAttributeType.KEYWORD);
/** Hash of holder and request id of the latest claim: a claim whose reply was lost is found by it. */
export const TASK_CLAIM = defineSearchAttributeKey('TaskClaim', SearchAttributeType.KEYWORD);
export const TASK_LABELS = defineSearchAttributeKey('TaskLabels', SearchAttributeType.KEYWORD_LIST);
export const TASK_PRIORITY = defineSearchAttributeKey('TaskPriority', SearchAttributeType.INT);
/** `<source>/<owner>/<name>:<branch>` of a task that came from a forge. */
export const TASK_BRANCH = defineSearchAttributeKey('TaskBranch', SearchAttributeType.KEYWORD);
/** Set while a task may be claimed, unset while it is held. */
export const CLAIMABLE_SINCE = defineSearchAttributeKey('ClaimableSince', SearchAttributeType.DATETIME);

export const SEARCH_ATTRIBUTES = [
  TASK_STATUS,
  EXECUTION_MODE,
  HOLDER,
  REPOSITORY,
  PRODUCT,
  TASK_CLAIM,
  TASK_BRANCH,
  TASK_LABELS,
  TASK_PRIORITY,
  CLAIMABLE_SINCE,
];
