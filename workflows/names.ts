/** Workflow ids, queue names and activity ids: made here and nowhere else. */
import type { OutputRef } from '../contracts/blobs';
import type { HolderRef } from '../contracts/task';

export const CONTROL_QUEUE = 'signalbox-control';

export const hostQueue = (hostId: string) => `host:${hostId}`;

export const taskWorkflowId = (taskId: string) => `task/${taskId}`;
export const taskIdOf = (workflowId: string) => workflowId.slice('task/'.length);

/** `host:x` → `host/x`; `agent:x` → `agent/x`. */
export const holderWorkflowId = (holder: HolderRef) => holder.replace(':', '/');

export const quarantineWorkflowId = (taskId: string, epoch: number, completionId: string) =>
  `quarantine/${taskId}/${epoch}/${completionId}`;

/** Its being open is the lock: the server starts only one workflow of an id. */
export const lockWorkflowId = (product: string, lock: string) => `lock/${product}/${lock}`;

/** One for each delivery of a forge: a second one of the same id is refused by the server. */
export const deliveryWorkflowId = (source: string, deliveryId: string) => `delivery/${source}/${deliveryId}`;
/** Tells the forge how its task is; outlives the task until the forge knows. */
export const reportWorkflowId = (taskId: string) => `report/${taskId}`;
/** Of the activities that talk to forges: one that is slow or away holds up nothing else. */
export const FORGE_QUEUE = 'signalbox-forge';
/** Value of the attribute by which the task of a branch is found. */
export const branchKey = (source: string, repository: string, branch: string) =>
  `${source}/${repository}:${branch}`;

export const leaseActivityId = (epoch: number, n: number) => `lease-${epoch}-${n}`;
export const presenceActivityId = (n: number) => `presence-${n}`;

export const hostRef = (id: string): HolderRef => `host:${id}`;
export const agentRef = (id: string): HolderRef => `agent:${id}`;
export const holderId = (ref: HolderRef) => ref.slice(ref.indexOf(':') + 1);
export const isHost = (ref: HolderRef) => ref.startsWith('host:');

/**
 * Names the run directory of an attempt on a host, and marks its processes. The hash of the workflow's run id keeps
 * tasks apart that have the same id, in two Signalboxes that share a host, or look alike once `/` and `#` are replaced.
 */
export function attemptId(taskId: string, runKey: string, epoch: number): string {
  return `${slug(taskId)}-${shortHash(`${runKey}\n${taskId}`)}-e${epoch}`;
}

/** Where the output of a run is, while it grows and afterwards. */
export const outputRef = (attempt: string): OutputRef => `output:${attempt}`;

/** For file names and branches: letters, digits, dot, dash and underscore, at most 60 of them. */
export const slug = (id: string) => id.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 60);

/** FNV-1a, 64 bits, in hex: workflow code has no crypto, and this only has to keep things apart. */
export function shortHash(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const char of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(char)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, '0');
}
