/** The filter of a list as a visibility query. Pure. */
import type { ListTasks } from '../contracts/api';
import { and, equals, oneOf, typeIs } from '../dispatch/query';
import { agentRef, hostRef } from '../workflows/names';
import { EXECUTION_MODE, HOLDER, PRODUCT, TASK_LABELS, TASK_STATUS } from '../workflows/search-attributes';

/** Runs that went on as new ones are the same task. */
const NOT_CONTINUED = "ExecutionStatus != 'ContinuedAsNew'";

/** `product` null: every product. */
export function tasksQuery(filter: ListTasks, product: string | null): string {
  const parts = [typeIs('task'), NOT_CONTINUED];
  if (filter.status) parts.push(equals(TASK_STATUS, filter.status));
  if (filter.mode) parts.push(equals(EXECUTION_MODE, filter.mode));
  if (filter.label) parts.push(oneOf(TASK_LABELS, [filter.label]));
  if (filter.holder) {
    const id = filter.holder;
    parts.push(id.includes(':') ? equals(HOLDER, id) : oneOf(HOLDER, [hostRef(id), agentRef(id)]));
  }
  const only = product ?? filter.product;
  if (only) parts.push(equals(PRODUCT, only));
  return and(...parts);
}

export function quarantineQuery(product: string | null): string {
  const parts = [typeIs('quarantine')];
  if (product) parts.push(equals(PRODUCT, product));
  return and(...parts);
}
