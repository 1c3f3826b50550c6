/**
 * Billable actions of a finished task, counted from its history by the rules of Temporal Cloud's price list
 * (docs.temporal.io/cloud/actions): a start, a signal, an Update, a query, a timer, a try of an activity, a
 * heartbeat and an upsert of search attributes or memo are one action each, the start of a child two.
 */
import type { Client } from '@temporalio/client';

const ACTIONS = {
  workflowExecutionStartedEventAttributes: 1,
  workflowExecutionSignaledEventAttributes: 1,
  workflowExecutionUpdateAcceptedEventAttributes: 1,
  timerStartedEventAttributes: 1,
  activityTaskScheduledEventAttributes: 1,
  upsertWorkflowSearchAttributesEventAttributes: 1,
  workflowPropertiesModifiedEventAttributes: 1,
  startChildWorkflowExecutionInitiatedEventAttributes: 2,
} as const;

export interface Cost {
  events: number;
  actions: number;
}

/** @param beside what leaves no event: queries and heartbeats that the life has made */
export async function costOf(client: Client, workflowId: string, beside: number): Promise<Cost> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  let actions = beside;
  for (const event of events ?? []) {
    for (const [attributes, weight] of Object.entries(ACTIONS)) {
      if (event[attributes as keyof typeof ACTIONS]) actions += weight;
    }
  }
  return { events: events?.length ?? 0, actions };
}
