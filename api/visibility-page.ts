/**
 * Pages of lists from visibility. The client of the SDK iterates, and does not give page tokens away. Visibility
 * takes few requests: who asks for the same page within a second is given the same answer.
 */
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { executionInfoFromRaw } from '@temporalio/client/lib/helpers';
import { cachedByKey } from '../dispatch/cached';
import { type Clock, systemClock } from '../dispatch/clock';
import type { VisibilityBudget } from '../dispatch/visibility-budget';
import type { ApiContext } from './context';
import { ENGINE_MS, within } from './deadline';
import { unavailable } from './problems';

export interface PageRequest {
  page_size: number;
  page_token?: string | undefined;
}

interface RawPage {
  rows: WorkflowExecutionInfo[];
  position: Uint8Array | null;
}

export interface Pages {
  get(query: string, size: number, position: Uint8Array | undefined): Promise<RawPage>;
}

const REMEMBERED_MS = 1_000;
const REMEMBERED_MAX = 200;
/** Who comes behind so many others would wait for seconds, and is better told so. */
const WAITING_MAX = 25;

export function createPages(client: Client, budget: VisibilityBudget, clock: Clock = systemClock): Pages {
  const remembered = cachedByKey(clock, REMEMBERED_MS, REMEMBERED_MAX, (key) => {
    const [query, size, position] = JSON.parse(key) as [string, number, string];
    return load(client, budget, { query, size, position: Buffer.from(position, 'base64') });
  });
  return {
    get: (query, size, position) =>
      remembered(JSON.stringify([query, size, Buffer.from(position ?? []).toString('base64')])),
  };
}

async function load(
  client: Client,
  budget: VisibilityBudget,
  page: { query: string; size: number; position: Uint8Array },
): Promise<RawPage> {
  if (budget.waiting() >= WAITING_MAX) throw unavailable('overloaded', 'too many lists are asked for');
  await budget.take('lists');
  const { namespace, loadedDataConverter } = client.workflow.options;
  const { executions, nextPageToken } = await within(client, ENGINE_MS, () =>
    client.workflowService.listWorkflowExecutions({
      namespace,
      query: page.query,
      pageSize: page.size,
      nextPageToken: page.position,
    }),
  );
  const rows = await Promise.all(
    (executions ?? []).map((raw) => executionInfoFromRaw(raw, loadedDataConverter, raw, namespace)),
  );
  return { rows, position: nextPageToken ?? null };
}

/** Throws 400 for a page token of another query. */
export async function visibilityPage(
  { pages, pageTokens }: Pick<ApiContext, 'pages' | 'pageTokens'>,
  query: string,
  request: PageRequest,
): Promise<{ rows: WorkflowExecutionInfo[]; next_page_token: string | null }> {
  const position = pageTokens.open(request.page_token, query);
  const page = await pages.get(query, request.page_size, position);
  return { rows: page.rows, next_page_token: pageTokens.seal(page.position, query) };
}
