import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import type { VisibilityBudget } from './visibility-budget';

/** The most that a server gives on one page. */
const PAGE_SIZE = 1_000;

/**
 * Lists by visibility; every page is paid for from the budget. `user` names the queue in which it waits.
 * Without a budget the caller has paid, and expects less than a page.
 */
export async function* listWorkflows(
  client: Client,
  budget: VisibilityBudget | null,
  user: string,
  query: string,
): AsyncGenerator<WorkflowExecutionInfo> {
  await budget?.take(user);
  let rows = 0;
  for await (const info of client.workflow.list({ query, pageSize: PAGE_SIZE })) {
    yield info;
    rows += 1;
    if (rows % PAGE_SIZE === 0) await budget?.take(user);
  }
}
