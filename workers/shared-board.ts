import { Client, Connection } from '@temporalio/client';
import { createBoard } from '../dispatch/board';
import type { BoardShare } from '../dispatch/board-share';
import { createVisibilityBudget } from '../dispatch/visibility-budget';
import type { Role, RoleDeps } from './role';

/** The one board of a process that plays several roles: what its API creates, its dispatcher sees at once. */
export async function openSharedBoard({ temporal, logger }: RoleDeps): Promise<Role & { share: BoardShare }> {
  const connection = await Connection.connect(temporal.connectionOptions);
  const client = new Client({ connection, namespace: temporal.namespace });
  const budget = createVisibilityBudget();
  const board = createBoard({ client, budget, logger: logger.child({ part: 'board' }) });
  let stopping: Promise<void> | null = null;
  async function close() {
    budget.close();
    await board.close();
    await connection.close();
  }
  return {
    share: { board, budget },
    ready: Promise.resolve(),
    failed: new Promise<never>(() => {}),
    stop() {
      stopping ??= close();
      return stopping;
    },
  };
}
