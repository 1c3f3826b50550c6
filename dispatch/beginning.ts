/**
 * A task that is new, and for which somebody waits: its workflow starts with the first claim in it, by one call in place
 * of two. That saves a workflow task between them (docs/decisions/0008). Used once, by whoever comes first.
 */
import { WithStartWorkflowOperation, type Workflow, type WorkflowStartOptions } from '@temporalio/client';

export type StartOptions = WorkflowStartOptions<Workflow> & { workflowIdConflictPolicy: 'FAIL' };

export class Beginning {
  /**
   * `begun`: the workflow has started, whatever became of the claim. `alone`: nobody claimed, so it has not. Rejects as
   * a start does; then nobody knows, unless with WorkflowExecutionAlreadyStartedError.
   */
  readonly outcome: Promise<'begun' | 'alone'>;
  private operation: WithStartWorkflowOperation<Workflow> | null;
  private alone = () => {};

  constructor(workflowType: string, options: StartOptions) {
    const operation = new WithStartWorkflowOperation<Workflow>(workflowType, options);
    this.operation = operation;
    const alone = new Promise<'alone'>((resolve) => {
      this.alone = () => resolve('alone');
    });
    this.outcome = Promise.race([alone, operation.workflowHandle().then(() => 'begun' as const)]);
    // Its creator may have stopped waiting.
    this.outcome.catch(() => undefined);
  }

  /** The start that is to go with a claim; null when it is somebody else's by now. */
  take(): WithStartWorkflowOperation<Workflow> | null {
    const { operation } = this;
    this.operation = null;
    return operation;
  }

  /** Nobody claims it: from now on it is for its creator to start. false: it was taken before, or given up. */
  giveUp(): boolean {
    const open = this.take() !== null;
    if (open) this.alone();
    return open;
  }
}
