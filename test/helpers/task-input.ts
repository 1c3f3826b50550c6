import type { TaskInput } from '../../workflows/task/types';

/** A task input with everything at a plain value; tests name what matters to them. */
export function taskInput(over: Partial<TaskInput> = {}): TaskInput {
  return {
    task_id: 'org/repo#1',
    title: 'a title',
    body: { inline: 'true' },
    labels: ['agent:code'],
    repository: null,
    template: null,
    execution_mode: 'undecided',
    no_capable_host: false,
    priority: 5,
    max_retries: 2,
    review: 'none',
    timeouts: {
      queue_wait_ms: null,
      assign_ms: 60_000,
      lease_ms: 60_000,
      run_ms: 3_600_000,
      total_ms: null,
      review_wait_ms: null,
    },
    backoff: { initial_ms: 100, max_ms: 1_000 },
    host_lost_after_ms: 60_000,
    kill_grace_ms: 1_000,
    product: 'default',
    branch_name: 'task/org-repo-1',
    pr_title: null,
    created_at: 1_000_000,
    first_epoch: 1,
    max_history_events: null,
    ...over,
  };
}
