/** A stage that a factory reports, as the message to the task that it is. */
import { randomUUID } from 'node:crypto';
import type { Job, ReportStage } from '../../contracts/fleet';
import type { Checkpoint } from '../../contracts/receipt';
import type { RunStage } from '../../contracts/task';
import { claimHash } from '../../dispatch/claim-hash';
import { completeSignal, statusSignal } from '../../workflows/messages';
import { holderId } from '../../workflows/names';
import type { CompleteMessage, StatusMessage } from '../../workflows/task/message-types';
import type { ApiContext } from '../context';
import { toProblem } from '../error-handler';
import { fenceKilled } from '../fence-killed';
import { ApiProblem } from '../problems';
import { quarantineClosed } from '../quarantine';
import { readTask } from '../read-task';
import { type RenewalRequest, renew } from '../renew';
import { type Answered, sendMessage } from '../send-message';
import { noWorker } from '../temporal-errors';
import type { Principal } from '../tokens';
import { checkpointOf, jobOf, REPORTS, receiptOf, stageOf } from './mapping';
import { type About, ended, ownEnd, staleEpoch } from './own-end';

type Caller = Pick<Principal, 'product' | 'generation'>;

export type Reported = { code: 200; body: Job } | { code: 202; body: { id: string; pending: true } };

/** Throws 404, 409 `stale_epoch` and nothing else with 409, 422 when the stage may not follow. */
export async function reportStage(
  ctx: ApiContext,
  about: About,
  body: ReportStage,
  caller: Caller,
): Promise<Reported> {
  const { id: taskId, epoch, holder } = about;
  await fenceKilled(ctx, { taskId, epoch, holder, generation: caller.generation });
  const report = REPORTS[body.stage];
  const checkpoint = checkpointOf(body.checkpoint);
  if (report.kind === 'none') return given(ctx, about, body, caller);
  try {
    if (report.kind === 'run') {
      const answer = await sendStatus(ctx, about, { stage: report.stage, checkpoint });
      const expiresAt = await renewed(ctx, about, { progress: report.stage, checkpoint }, caller);
      // The task knows it by now: renewals need not say it.
      const known = ctx.leases.get(about.id, about.epoch);
      const told = checkpoint ? { checkpoint, at: Date.now() } : known?.told;
      if (known) ctx.leases.set(about.id, about.epoch, { ...known, announced: true, told: told ?? null });
      return reported(answer, expiresAt);
    }
    if (report.kind === 'ship') return reported(await ship(ctx, about, checkpoint, body.message));
    return reported(
      await fail(ctx, about, { checkpoint, message: body.message, final: report.kind === 'bury' }),
    );
  } catch (error) {
    const outcome = await ownEnd(ctx, about, error);
    throw ended(outcome, body.stage, toProblem(error));
  }
}

/** The same repeat has the same id, which callers of v1 cannot make up: `~` is not in their alphabet. */
const endId = (kind: string, { epoch, holder }: About) => `~${kind}-${claimHash(holder, `${kind}-${epoch}`)}`;

function sendStatus(
  ctx: ApiContext,
  { id, epoch, holder }: About,
  { stage, checkpoint }: { stage: RunStage; checkpoint: Checkpoint | null },
): Promise<Answered> {
  const message_id = randomUUID();
  const message: StatusMessage = {
    message_id,
    epoch,
    holder,
    status: 'running',
    message: null,
    stage,
    checkpoint,
  };
  return sendMessage(ctx, id, statusSignal, message);
}

async function ship(
  ctx: ApiContext,
  about: About,
  checkpoint: Checkpoint | null,
  said: string | undefined,
): Promise<Answered> {
  const { id, epoch, holder } = about;
  const view = (await readTask(ctx, id)).report?.view;
  const attempt = view?.attempts.find((one) => one.epoch === epoch);
  const receipt = receiptOf({
    checkpoint,
    // That of another epoch is not what this one ships.
    known: view?.lease?.epoch === epoch ? view.checkpoint : null,
    message: said,
    by: holderId(holder),
    durationMs: attempt ? Date.now() - Date.parse(attempt.granted_at) : 0,
  });
  const message: CompleteMessage = {
    message_id: endId('shipped', about),
    epoch,
    holder,
    receipt,
    manual: false,
  };
  return sendMessage(ctx, id, completeSignal, message, (reading) =>
    quarantineClosed(ctx, id, message, reading),
  );
}

function fail(
  ctx: ApiContext,
  about: About,
  { checkpoint, message: said, final }: { checkpoint: Checkpoint | null; message?: string; final: boolean },
): Promise<Answered> {
  const { id, epoch, holder } = about;
  const message: StatusMessage = {
    message_id: endId(final ? 'dead' : 'failed', about),
    epoch,
    holder,
    status: 'failed',
    message: said ?? `reported as ${final ? 'dead_letter' : 'failed'}`,
    checkpoint,
    ...(final && { final }),
  };
  return sendMessage(ctx, id, statusSignal, message);
}

/** A report is a renewal as well. Answers when the lease expires now. */
async function renewed(
  ctx: ApiContext,
  about: About,
  said: Pick<RenewalRequest, 'progress' | 'checkpoint'>,
  { product, generation }: Caller,
) {
  const { id: taskId, epoch, holder } = about;
  const answer = await renew(ctx, { taskId, epoch, holder, ...said, product, generation });
  if (answer.directive === 'terminate') throw staleEpoch(epoch);
  return answer.expires_at;
}

function reported(answer: Answered, leaseExpiresAt?: string): Reported {
  if (answer.code === 202) return { code: 202, body: { id: answer.body.id, pending: true } };
  const job = jobOf(answer.body);
  return { code: 200, body: leaseExpiresAt === undefined ? job : { ...job, leaseExpiresAt } };
}

/** `queued` and `assigned` are the server's to give: right only as a repeat of what is so. */
async function given(
  ctx: ApiContext,
  about: About,
  { stage }: ReportStage,
  caller: Caller,
): Promise<Reported> {
  const { id, epoch, holder } = about;
  const { report } = await readTask(ctx, id);
  if (!report) throw noWorker();
  const { view } = report;
  const held = view.lease?.epoch === epoch && view.lease.holder === holder;
  if (held && stageOf(view) === stage) {
    return {
      code: 200,
      body: {
        ...jobOf(view),
        leaseExpiresAt: await renewed(ctx, about, { progress: stage, checkpoint: null }, caller),
      },
    };
  }
  if (held) throw new ApiProblem(422, 'illegal_stage', `${stage} cannot follow ${stageOf(view)}`);
  throw ended(await ownEnd(ctx, about, staleEpoch(epoch)), stage);
}
