import {
  fleetHeadersSchema,
  type Job,
  jobEventsSchema,
  jobPendingSchema,
  jobSchema,
  reportStageSchema,
  runsSchema,
} from '../../contracts/fleet';
import { agentRef, holderId } from '../../workflows/names';
import { assertVisible, EVERYONE, WORKERS } from '../auth';
import type { ApiContext, App } from '../context';
import { textOf } from '../hand-over';
import { ApiProblem } from '../problems';
import { answerOf, readTask, type TaskReading } from '../read-task';
import { PROBLEMS } from '../route-docs';
import { guardProduct } from '../send-message';
import { readArgs } from '../task-history';
import { noWorker } from '../temporal-errors';
import type { Principal } from '../tokens';
import { callerOf, factoryOf, jobId } from './caller';
import { bodyMdOf, jobOf } from './mapping';
import { reportStage } from './report';
import { jobParams, TAGS } from './route-docs';

export function job(app: App, ctx: ApiContext) {
  const schema = { tags: TAGS, headers: fleetHeadersSchema, params: jobParams };

  async function read(caller: Principal, id: string): Promise<TaskReading> {
    const reading = await readTask(ctx, jobId(id));
    assertVisible(caller, id, reading.product);
    return reading;
  }

  app.get(
    '/jobs/:id',
    {
      config: { access: EVERYONE },
      schema: { ...schema, summary: 'Read a job', response: { 200: jobSchema, ...PROBLEMS } },
    },
    async (request): Promise<Job> => {
      const caller = callerOf(request);
      const reading = await read(caller, request.params.id);
      const view = await answerOf(ctx, reading);
      const shown = jobOf(view);
      if (caller.role !== 'agent' || view.lease?.holder !== agentRef(caller.sub)) return shown;
      return { ...shown, bodyMd: bodyMdOf(await bodyOf(ctx, reading), view.findings) };
    },
  );

  app.patch(
    '/jobs/:id',
    {
      config: { access: WORKERS },
      schema: {
        ...schema,
        summary: 'Report a stage',
        description:
          'Renews the lease as well. The same stage again is 200, one that may not follow is 422 `illegal_stage`, ' +
          'and 409 is a stale epoch and nothing else. `shipped` hands in a receipt made from the checkpoint.',
        body: reportStageSchema,
        response: { 200: jobSchema, 202: jobPendingSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const id = jobId(request.params.id);
      const { leaseEpoch: epoch, factoryId } = request.body;
      await guardProduct(ctx, caller, id);
      const holder = await factoryOf(ctx, caller, { id, epoch, factoryId });
      const { code, body } = await reportStage(ctx, { id, epoch, holder }, request.body, caller);
      return reply.code(code).send(body);
    },
  );

  app.get(
    '/jobs/:id/runs',
    {
      config: { access: EVERYONE },
      schema: { ...schema, summary: 'The attempts at a job', response: { 200: runsSchema, ...PROBLEMS } },
    },
    async (request) => {
      const { view } = reportOf(await read(callerOf(request), request.params.id));
      const runs = view.attempts.map(({ epoch, holder, granted_at, ended_at, outcome, failure }) => ({
        leaseEpoch: epoch,
        factoryId: holderId(holder),
        startedAt: granted_at,
        endedAt: ended_at,
        outcome,
        failure,
      }));
      return { runs };
    },
  );

  app.get(
    '/jobs/:id/events',
    {
      config: { access: EVERYONE },
      schema: {
        ...schema,
        summary: 'What happened to a job, oldest first',
        description: 'Written by the server; a client adds none.',
        response: { 200: jobEventsSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const { events } = reportOf(await read(callerOf(request), request.params.id));
      const shown = events.map(({ at, type, epoch, message }) => ({
        at: new Date(at).toISOString(),
        type,
        leaseEpoch: epoch,
        message,
      }));
      return { events: shown };
    },
  );
}

function reportOf({ report, running }: TaskReading) {
  if (report) return report;
  if (running) throw noWorker();
  throw new ApiProblem(410, 'no_report', 'the run was ended from outside and left nothing');
}

/** For a factory that has lost what its claim gave it. */
async function bodyOf(ctx: ApiContext, { description }: TaskReading): Promise<string> {
  const { workflowId, runId } = description;
  const args = await readArgs(ctx, { workflowId, runId });
  if (!args) throw noWorker();
  return textOf(ctx, args.input.body);
}
