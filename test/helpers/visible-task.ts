import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { BoardEntry } from '../../dispatch/board';
import { CONTROL_QUEUE, taskWorkflowId } from '../../workflows/names';
import {
  CLAIMABLE_SINCE,
  EXECUTION_MODE,
  PRODUCT,
  TASK_LABELS,
  TASK_PRIORITY,
  TASK_STATUS,
} from '../../workflows/search-attributes';
import type { TaskInput } from '../../workflows/task/types';
import { driveTask, type TaskDriver } from './task-driver';
import { taskInput } from './task-input';

/** A task as its creator starts it: with the attributes by which visibility, and so the board, finds it. */
export async function startVisibleTask(
  client: Client,
  over: Partial<TaskInput> = {},
): Promise<TaskDriver & { entry: BoardEntry }> {
  const input = taskInput({ task_id: `t/${randomUUID()}`, created_at: Date.now(), ...over });
  const handle = await client.workflow.start('task', {
    workflowId: taskWorkflowId(input.task_id),
    taskQueue: CONTROL_QUEUE,
    args: [{ input }],
    typedSearchAttributes: [
      { key: TASK_STATUS, value: 'created' },
      { key: EXECUTION_MODE, value: input.execution_mode },
      { key: PRODUCT, value: input.product },
      { key: TASK_LABELS, value: input.labels },
      { key: TASK_PRIORITY, value: input.priority },
      { key: CLAIMABLE_SINCE, value: new Date(input.created_at) },
    ],
  });
  const entry: BoardEntry = {
    taskId: input.task_id,
    labels: input.labels,
    priority: input.priority,
    mode: input.execution_mode,
    claimableSince: input.created_at,
    assignedTo: null,
    product: input.product,
  };
  return { ...driveTask(client, client.workflow.getHandle(handle.workflowId), input), entry };
}
