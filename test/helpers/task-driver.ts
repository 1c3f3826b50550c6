import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { RunStage } from '../../contracts/task';
import {
  assignUpdate,
  cancelSignal,
  claimUpdate,
  completeSignal,
  editSignal,
  forgeSignal,
  outcomeQuery,
  releaseSignal,
  renewUpdate,
  reviewSignal,
  revokeSignal,
  statusSignal,
  taskQuery,
  voidClaimSignal,
} from '../../workflows/messages';
import { CONTROL_QUEUE, taskWorkflowId } from '../../workflows/names';
import type {
  ClaimRequest,
  CompleteMessage,
  EditMessage,
  ForgeMessage,
  Grant,
  ReviewMessage,
} from '../../workflows/task/message-types';
import type { Outcome, TaskInput, TaskReport } from '../../workflows/task/types';
import { taskInput } from './task-input';
import { claimBy, completion } from './task-state';
import { waitUntil } from './wait-until';

const DEADLINE_MS = 60_000;

/** One task workflow, driven as the API drives it. */
export async function startTask(client: Client, over: Partial<TaskInput> = {}) {
  const input = taskInput({ task_id: `t/${randomUUID()}`, created_at: Date.now(), ...over });
  const handle = await client.workflow.start('task', {
    workflowId: taskWorkflowId(input.task_id),
    taskQueue: CONTROL_QUEUE,
    args: [{ input }],
  });
  return driveTask(client, client.workflow.getHandle(handle.workflowId), input);
}

export type TaskDriver = ReturnType<typeof driveTask>;

export function driveTask(client: Client, handle: WorkflowHandle, input: TaskInput) {
  const report = () => handle.query<TaskReport, []>(taskQuery);
  const view = async () => (await report()).view;
  const outcome = async (id: string): Promise<Outcome | null> =>
    (await handle.query(outcomeQuery, id))?.outcome ?? null;
  const send = async (signal: { name: string }, message: { message_id: string }) => {
    await handle.signal(signal.name, message);
    return outcome(message.message_id);
  };
  const id = () => ({ message_id: randomUUID() });
  return {
    input,
    handle,
    report,
    view,
    outcome,
    claim: (holder: ClaimRequest['holder'], over: Partial<ClaimRequest> = {}): Promise<Grant> =>
      handle.executeUpdate(claimUpdate, {
        args: [claimBy(holder, { request_id: randomUUID(), not_after: Date.now() + DEADLINE_MS, ...over })],
      }),
    assign: (holder: ClaimRequest['holder']) =>
      handle.executeUpdate(assignUpdate, {
        args: [{ ...id(), holder, reason: null, by: 'test', not_after: Date.now() + DEADLINE_MS }],
      }),
    renew: (epoch: number, holder: ClaimRequest['holder']) =>
      handle.executeUpdate(renewUpdate, { args: [{ epoch, holder, not_after: Date.now() + DEADLINE_MS }] }),
    heartbeat: (activityId: string, checkpoint: { branch: string } | null = null) =>
      client.activity.heartbeat(
        { workflowId: handle.workflowId, activityId },
        { at: Date.now(), progress: null, checkpoint },
      ),
    complete: (over: Partial<CompleteMessage> = {}) =>
      send(completeSignal, completion({ message_id: randomUUID(), ...over })),
    status: (epoch: number, holder: string, status: 'running' | 'failed') =>
      send(statusSignal, { ...id(), epoch, holder, status, message: null } as { message_id: string }),
    stage: (epoch: number, holder: string, stage: RunStage) =>
      send(statusSignal, { ...id(), epoch, holder, status: 'running', message: null, stage } as {
        message_id: string;
      }),
    release: (epoch: number, holder: string) =>
      send(releaseSignal, { ...id(), epoch, holder, checkpoint: null } as { message_id: string }),
    revoke: (epoch: number | null, holder: ClaimRequest['holder']) =>
      send(revokeSignal, {
        ...id(),
        holder,
        epoch,
        by: 'test',
        reason: null,
        checkpoint: null,
      } as { message_id: string }),
    review: (verdict: 'approved' | 'rejected', over: Partial<ReviewMessage> = {}) =>
      send(reviewSignal, { ...id(), verdict, findings: [], confidence: null, by: 'test', ...over } as {
        message_id: string;
      }),
    hear: (message: ForgeMessage) => send(forgeSignal, { ...message, ...id() }),
    edit: (over: Partial<EditMessage> = {}) => {
      const { title, body, labels } = input;
      return send(editSignal, { ...id(), title, body, labels, updated_at: 0, ...over } as {
        message_id: string;
      });
    },
    cancel: () => send(cancelSignal, { ...id(), reason: null, by: 'test' } as { message_id: string }),
    voidClaim: (request_id: string, holder: ClaimRequest['holder']) =>
      handle.signal(voidClaimSignal, { request_id, holder }),
    until: (what: string, condition: (report: TaskReport) => boolean) =>
      waitUntil(
        async () => {
          const current = await report();
          return condition(current) ? current : false;
        },
        { what, timeoutMs: 60_000 },
      ),
  };
}
