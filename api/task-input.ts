/** From the body of a request to the input of a task workflow: defaults filled in. Pure. */
import type { Config } from '../contracts/config';
import type { CreateTask, Text, Timeouts } from '../contracts/task';
import { defaultBranch } from '../workflows/rules/claim';
import type { TaskInput } from '../workflows/task/types';
import { bodyHeader, lockKey } from './body-header';

/** In milliseconds; null: no limit. The config file and the request may say otherwise. */
export const DEFAULT_TIMEOUTS: Timeouts = {
  queue_wait_ms: null,
  assign_ms: 300_000,
  lease_ms: 60_000,
  run_ms: 3_600_000,
  total_ms: null,
  review_wait_ms: null,
};

export interface TaskFacts {
  id: string;
  product: string;
  body: Text;
  /** JSON of a `Change`; null when nothing is known. */
  change: Text | null;
  noCapableHost: boolean;
  /** Milliseconds since 1970. */
  now: number;
}

export function taskInput(request: CreateTask, config: Config, facts: TaskFacts): TaskInput {
  const header = bodyHeader(request.body);
  return {
    task_id: facts.id,
    title: request.title,
    body: facts.body,
    ...(facts.change && { change: facts.change }),
    labels: [...new Set(request.labels)],
    repository: request.repository ?? null,
    template: request.template ?? null,
    execution_mode: request.execution_mode,
    no_capable_host: facts.noCapableHost,
    priority: request.priority,
    max_retries: request.max_retries ?? config.default_max_retries,
    review: request.review,
    timeouts: {
      ...DEFAULT_TIMEOUTS,
      ...config.default_timeouts,
      ...(header.timeoutMs !== null && { run_ms: header.timeoutMs }),
      ...request.timeouts,
    },
    ...(header.lock !== null && { lock: lockKey(header.lock) }),
    backoff: config.backoff,
    host_lost_after_ms: config.host_lost_after_ms,
    kill_grace_ms: config.kill_grace_ms,
    product: facts.product,
    branch_name: request.branch_name ?? defaultBranch(facts.id),
    pr_title: request.pr_title ?? null,
    created_at: facts.now,
    first_epoch: 1,
    max_history_events: null,
  };
}
