/** Workflow ids, queue names and activity ids: made here and nowhere else. */
import type { HolderRef } from '../contracts/task';

export const CONTROL_QUEUE = 'signalbox-control';

export const hostQueue = (hostId: string) => `host:${hostId}`;

export const taskWorkflowId = (taskId: string) => `task/${taskId}`;
export const taskIdOf = (workflowId: string) => workflowId.slice('task/'.length);

/** `host:x` → `host/x`; `agent:x` → `agent/x`. */
export const holderWorkflowId = (holder: HolderRef) => holder.replace(':', '/');
export const holderRefOf = (workflowId: string) => workflowId.replace('/', ':') as HolderRef;

export const quarantineWorkflowId = (taskId: string, epoch: number, completionId: string) =>
  `quarantine/${taskId}/${epoch}/${completionId}`;

export const leaseActivityId = (epoch: number, n: number) => `lease-${epoch}-${n}`;
export const presenceActivityId = (n: number) => `presence-${n}`;

export const hostRef = (id: string): HolderRef => `host:${id}`;
export const agentRef = (id: string): HolderRef => `agent:${id}`;
export const holderId = (ref: HolderRef) => ref.slice(ref.indexOf(':') + 1);
export const isHost = (ref: HolderRef) => ref.startsWith('host:');
