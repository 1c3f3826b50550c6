import type { SearchAttributeUpdatePair } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import { holderOf } from '../rules/view';
import {
  CLAIMABLE_SINCE,
  EXECUTION_MODE,
  HOLDER,
  TASK_CLAIM,
  TASK_LABELS,
  TASK_STATUS,
} from '../search-attributes';
import type { TaskState } from './types';

/** What changes in the life of a task; priority, product and repository are set at its start, and labels, too. */
const changing = (state: TaskState): SearchAttributeUpdatePair[] => [
  { key: TASK_STATUS, value: state.status },
  { key: EXECUTION_MODE, value: state.execution_mode },
  { key: HOLDER, value: holderOf(state) },
  { key: CLAIMABLE_SINCE, value: state.claimable_since === null ? null : new Date(state.claimable_since) },
  { key: TASK_CLAIM, value: state.claim_hash },
  { key: TASK_LABELS, value: state.input.labels },
];

const text = (pair: SearchAttributeUpdatePair) => JSON.stringify(pair.value);

/** Upserts what differs from what the index was told last: one command, and none when nothing changed. */
export function createAttributes(initial: TaskState) {
  let known = changing(initial);
  return {
    publish(state: TaskState) {
      const wanted = changing(state);
      const differing = wanted.filter(
        (pair, i) => text(pair) !== text(known[i] as SearchAttributeUpdatePair),
      );
      if (differing.length === 0) return;
      upsertSearchAttributes(differing);
      known = wanted;
    },
  };
}
