import type { ForgeReport } from '../../workflows/report/types';

/** A report with everything at a plain value. */
export function forgeReport(over: Partial<ForgeReport> = {}): ForgeReport {
  return {
    seq: 1,
    run_key: 'run-1',
    status: 'created',
    title: 'a title',
    labels: ['agent:code'],
    branch_name: 'task/org-repo-1',
    pr_title: null,
    holder: null,
    retry_count: 0,
    review_count: 0,
    max_retries: 2,
    reason: null,
    findings: [],
    receipt: null,
    pull: null,
    authors: { holders: ['agent:a'], models: [] },
    reviewer: null,
    ...over,
  };
}
