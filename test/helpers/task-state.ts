import type { Receipt } from '../../contracts/receipt';
import { grant } from '../../workflows/rules/claim';
import { initialState } from '../../workflows/rules/state';
import type { ClaimRequest, CompleteMessage } from '../../workflows/task/message-types';
import type { TaskInput, TaskState } from '../../workflows/task/types';
import { taskInput } from './task-input';

export const T0 = 1_000_000;

export const created = (over: Partial<TaskInput> = {}): TaskState => initialState(taskInput(over), 'run-1');

export const claimBy = (holder: ClaimRequest['holder'], over: Partial<ClaimRequest> = {}): ClaimRequest => ({
  request_id: `request-${holder}`,
  holder,
  capabilities: ['agent:code', 'agent:review'],
  lease_ms: null,
  not_after: Number.MAX_SAFE_INTEGER,
  reachable_since: 0,
  claim_hash: `hash-${holder}`,
  ...over,
});

export const held = (holder: ClaimRequest['holder'] = 'agent:a', over: Partial<TaskInput> = {}): TaskState =>
  grant(created(over), claimBy(holder), T0);

export const receipt = (over: Partial<Receipt> = {}): Receipt => ({
  status: 'completed',
  summary: 'done',
  artifacts: {},
  duration_ms: 1,
  ...over,
});

export const completion = (over: Partial<CompleteMessage> = {}): CompleteMessage => ({
  message_id: 'c1',
  epoch: 1,
  holder: 'agent:a',
  receipt: receipt(),
  manual: false,
  ...over,
});
