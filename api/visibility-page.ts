/** One page of a list from visibility. The client of the SDK iterates, and does not give page tokens away. */
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { executionInfoFromRaw } from '@temporalio/client/lib/helpers';
import type { ApiContext } from './context';
import { ENGINE_MS, within } from './deadline';

export interface PageRequest {
  page_size: number;
  page_token?: string | undefined;
}

/** Throws 400 for a page token of another query. */
export async function visibilityPage(
  { client, budget, pageTokens }: Pick<ApiContext, 'client' | 'budget' | 'pageTokens'>,
  query: string,
  request: PageRequest,
): Promise<{ rows: WorkflowExecutionInfo[]; next_page_token: string | null }> {
  const { namespace, loadedDataConverter } = client.workflow.options;
  const nextPageToken = pageTokens.open(request.page_token, query);
  await budget.take('lists');
  const page = await within(client, ENGINE_MS, () =>
    client.workflowService.listWorkflowExecutions({
      namespace,
      query,
      pageSize: request.page_size,
      nextPageToken: nextPageToken ?? new Uint8Array(),
    }),
  );
  const rows = await Promise.all(
    (page.executions ?? []).map((raw) => executionInfoFromRaw(raw, loadedDataConverter, raw, namespace)),
  );
  return { rows, next_page_token: pageTokens.seal(page.nextPageToken, query) };
}
