import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ChildWorkflowCancellationType,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  sleep,
  startChild,
} from '@temporalio/workflow';
import { tellForgeSignal } from '../messages';
import { reportWorkflowId } from '../names';
import type { ForgeReport, ReportInput } from '../report/types';
import { isTold, reportOf, told } from '../rules/report';
import { PRODUCT } from '../search-attributes';
import type { Machine } from './machine';

const PAUSE_MS = 1_000;

/** Hands on what the forge is to know, until nothing is left: a task does not close before that. */
export async function tellReport(machine: Machine): Promise<void> {
  while (!isTold(machine.state)) {
    const report = reportOf(machine.state);
    if (!report) return;
    const isFirst = (machine.state.reported?.sent ?? 0) === 0;
    const { task_id } = machine.state.input;
    const handed = (!isFirst && (await signal(task_id, report))) || (await start(machine, report));
    if (handed) machine.apply((state) => told(state, report.seq));
    // The report of an earlier run of the task was closing just now.
    else await sleep(PAUSE_MS, { summary: 'before the report is handed on' });
  }
}

/**
 * An abandoned child, because it outlives the task. When the task is run again, the one of the run before may still
 * be at it, and hears of this run by signal.
 */
async function start(machine: Machine, report: ForgeReport): Promise<boolean> {
  const { task_id, product, origin, max_history_events } = machine.state.input;
  if (!origin) return true;
  const input: ReportInput = {
    task_id,
    product,
    origin,
    carried: { wanted: report, told: null, comment_id: null, problem: null },
    max_history_events,
  };
  try {
    await startChild('report', {
      workflowId: reportWorkflowId(task_id),
      args: [input],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      typedSearchAttributes: [{ key: PRODUCT, value: product }],
      staticSummary: `tells ${origin.source} of ${task_id}`,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return signal(task_id, report);
    throw error;
  }
}

/** False: nobody is there to hear it. */
const signal = (taskId: string, report: ForgeReport): Promise<boolean> =>
  getExternalWorkflowHandle(reportWorkflowId(taskId))
    .signal(tellForgeSignal, report)
    .then(
      () => true,
      () => false,
    );
