/**
 * The two dialects, side by side. Pure: what a word of `/api/fleet` is in the words of tasks, and back. The routes of
 * this folder do nothing but translate with this and call what the routes of `/api/v1` call.
 *
 * | stage                           | task                                                            |
 * | ------------------------------- | --------------------------------------------------------------- |
 * | queued                          | created                                                         |
 * | assigned                        | assigned                                                        |
 * | building, review, testing       | running, lease held; review also: review_pending                |
 * | blocked                         | running, flagged                                                |
 * | shipped                         | completed; reported: a receipt made from the checkpoint         |
 * | failed                          | created, waiting for its next attempt; reported: attempt failed |
 * | dead_letter                     | failed or cancelled; reported: failed without another attempt   |
 */
import type { FactoryBeat, Job, Stage, WipCheckpoint } from '../../contracts/fleet';
import type { Checkpoint, Finding, Receipt } from '../../contracts/receipt';
import type { RunStage, TaskStatus, TaskView } from '../../contracts/task';
import { requiredCapabilities } from '../../workflows/rules/match';
import { ApiProblem } from '../problems';

const STAGE: Record<Exclude<TaskStatus, 'created' | 'running'>, Stage> = {
  assigned: 'assigned',
  review_pending: 'review',
  completed: 'shipped',
  failed: 'dead_letter',
  cancelled: 'dead_letter',
};

export function stageOf({ status, lease, not_before, attempts }: TaskView): Stage {
  if (status === 'running') return lease?.stage ?? 'building';
  if (status !== 'created') return STAGE[status];
  return not_before !== null && attempts.at(-1)?.outcome === 'failed' ? 'failed' : 'queued';
}

/** What a factory asks for by reporting a stage. `none`: stages that only the server gives. */
export type Report = { kind: 'run'; stage: RunStage } | { kind: 'ship' | 'fail' | 'bury' | 'none' };

export const REPORTS: Record<Stage, Report> = {
  queued: { kind: 'none' },
  assigned: { kind: 'none' },
  building: { kind: 'run', stage: 'building' },
  review: { kind: 'run', stage: 'review' },
  testing: { kind: 'run', stage: 'testing' },
  blocked: { kind: 'run', stage: 'blocked' },
  shipped: { kind: 'ship' },
  failed: { kind: 'fail' },
  dead_letter: { kind: 'bury' },
};

/** Empty texts are nothing. null: there is nothing in it. */
export function checkpointOf(wip: WipCheckpoint | null | undefined): Checkpoint | null {
  const checkpoint = {
    ...(wip?.wipBranch && { branch: wip.wipBranch }),
    ...(wip?.wipCommit && { commit: wip.wipCommit }),
  };
  return Object.keys(checkpoint).length > 0 ? checkpoint : null;
}

export function wipOf(checkpoint: Checkpoint | null): Job['checkpoint'] {
  const { branch, commit } = checkpoint ?? {};
  if (branch === undefined && commit === undefined) return null;
  return {
    ...(branch !== undefined && { wipBranch: branch }),
    ...(commit !== undefined && { wipCommit: commit }),
  };
}

/** Of a job that is shipped. `known`: the last checkpoint that was reported before. */
export function receiptOf(shipped: {
  checkpoint: Checkpoint | null;
  known: Checkpoint | null;
  message: string | undefined;
  by: string;
  durationMs: number;
}): Receipt {
  const { branch, commit } = { ...shipped.known, ...shipped.checkpoint };
  return {
    status: 'completed',
    summary: shipped.message ?? `shipped by ${shipped.by}`,
    artifacts: { ...(branch !== undefined && { branch }), ...(commit !== undefined && { commit }) },
    duration_ms: Math.max(0, shipped.durationMs),
  };
}

export const jobOf = (view: TaskView & { partial?: boolean }): Job => ({
  id: view.id,
  stage: stageOf(view),
  blocked: stageOf(view) === 'blocked',
  leaseEpoch: view.epoch,
  leaseExpiresAt: view.lease?.lapsed === false ? view.lease.expires_at : null,
  factoryId: view.assigned_agent_id ?? view.assigned_host,
  title: view.title,
  capabilities: requiredCapabilities(view.labels),
  priority: view.priority,
  productId: view.product,
  checkpoint: wipOf(view.checkpoint),
  reason: view.reason,
  attempts: view.attempts.length,
  notBefore: view.not_before,
  createdAt: view.created_at,
  updatedAt: view.last_activity_at,
  closedAt: view.closed_at,
  ...(view.partial && { partial: true }),
});

/** Runners of this contract know no findings, only a body. */
export function bodyMdOf(body: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return body;
  const lines = findings.map(({ file, line, message }) => {
    const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `;
    return `- ${place}${message.replace(/\s+/g, ' ')}`;
  });
  return `${body}\n\n## Findings of the last review\n\n${lines.join('\n')}\n`;
}

const HEALTHY = new Set(['ok', 'healthy', 'up', 'green', 'good', 'pass', 'online']);
const DEGRADED = new Set(['degraded', 'warn', 'warning', 'yellow', 'draining']);

/** In the words of the registry; what is not told is left out. */
export function conditionOf({ health, load }: Pick<FactoryBeat, 'health' | 'load'>): {
  health?: 'ok' | 'degraded' | 'unhealthy';
  load?: number;
} {
  const word = typeof health === 'object' && health !== null ? health.status : health;
  const share =
    typeof load === 'object' && load !== null ? Number(load.running) / Number(load.slots) : Number(load);
  return {
    ...(typeof word === 'string' && word !== '' && { health: healthOf(word.toLowerCase()) }),
    ...(load != null && load !== '' && Number.isFinite(share) && { load: Math.min(1, Math.max(0, share)) }),
  };
}

const healthOf = (word: string) => (HEALTHY.has(word) ? 'ok' : DEGRADED.has(word) ? 'degraded' : 'unhealthy');

/**
 * Runners of this contract abort their job on any 409, so a stale epoch is the only one; and what a v1 caller hears
 * of another holder is a matter of the token here.
 */
export function fleetProblem(problem: ApiProblem): ApiProblem {
  const status = fleetStatus(problem);
  return status === problem.statusCode
    ? problem
    : new ApiProblem(status, problem.code, problem.message, problem.extras);
}

const NOT_YOURS = new Set(['not_holder', 'held_by_other', 'managed_by_orchestrator']);

function fleetStatus({ statusCode, code }: ApiProblem): number {
  if (NOT_YOURS.has(code)) return 403;
  if (statusCode === 409) return code === 'stale_epoch' ? 409 : 422;
  return code === 'invalid_request' ? 422 : statusCode;
}
