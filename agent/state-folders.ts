import { join } from 'node:path';

/** What is where in the state directory of an agent. */
export const stateFolders = (stateDir: string) => ({
  outbox: join(stateDir, 'outbox'),
  quarantine: join(stateDir, 'quarantine'),
  output: join(stateDir, 'output'),
  runs: join(stateDir, 'runs'),
  work: join(stateDir, 'work'),
});
