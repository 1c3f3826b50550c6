/** Finds tasks by the hash of their latest claim. Look-ups that come together share one request. */
import type { Client } from '@temporalio/client';
import { taskIdOf } from '../workflows/names';
import { TASK_CLAIM } from '../workflows/search-attributes';
import { listWorkflows } from './list-workflows';
import { and, oneOf, RUNNING, typeIs } from './query';
import type { VisibilityBudget } from './visibility-budget';

/** Keeps the query well below what a server parses. */
const BATCH_MAX = 100;

interface Lookup {
  hash: string;
  found(taskId: string | null): void;
  failed(error: unknown): void;
}

/** Resolves with the task id, or null when visibility shows none (yet: it lags by some 50 ms). */
export type ClaimLookup = (hash: string) => Promise<string | null>;

export function createClaimLookup(client: Client, budget: VisibilityBudget): ClaimLookup {
  const waiting: Lookup[] = [];

  async function answer(): Promise<void> {
    let batch: Lookup[] = [];
    try {
      await budget.take('claims');
      batch = waiting.splice(0, BATCH_MAX);
      if (waiting.length > 0) void answer();
      const hashes = [...new Set(batch.map(({ hash }) => hash))];
      const found = new Map<string, string>();
      const query = and(typeIs('task'), RUNNING, oneOf(TASK_CLAIM, hashes));
      for await (const info of listWorkflows(client, null, 'claims', query)) {
        const hash = info.typedSearchAttributes.get(TASK_CLAIM);
        if (hash) found.set(hash, taskIdOf(info.workflowId));
      }
      for (const lookup of batch) lookup.found(found.get(lookup.hash) ?? null);
    } catch (error) {
      for (const lookup of batch.length > 0 ? batch : waiting.splice(0)) lookup.failed(error);
    }
  }

  return (hash) =>
    new Promise((resolve, reject) => {
      waiting.push({ hash, found: resolve, failed: reject });
      if (waiting.length === 1) void answer();
    });
}
