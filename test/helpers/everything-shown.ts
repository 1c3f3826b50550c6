/** All that Signalbox logs, lists or indexes: where no prompt and no secret may be. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { Fleet } from './fleet';

export async function everythingShown(fleet: Fleet): Promise<string[]> {
  const state = join(fleet.directory, 'state');
  const { port } = JSON.parse(readFileSync(join(state, 'temporal.json'), 'utf8'));
  const connection = await Connection.connect({ address: `127.0.0.1:${port}` });
  const seen: string[] = [fleet.output()];
  for await (const execution of new Client({ connection }).workflow.list()) {
    const { workflowId, type, memo, searchAttributes } = execution;
    seen.push(JSON.stringify({ workflowId, type, memo, searchAttributes }));
  }
  await connection.close();
  for (const list of ['/tasks', '/agents', '/hosts', '/quarantine']) {
    seen.push(JSON.stringify((await fleet.admin.get(list)).body));
  }
  const logs = readdirSync(state).filter((name) => name.endsWith('.log'));
  for (const name of logs) seen.push(readFileSync(join(state, name), 'utf8'));
  return seen;
}
