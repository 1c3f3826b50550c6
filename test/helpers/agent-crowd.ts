/** Many `signalbox agent` processes, each of which a test may freeze. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listQuarantine, type Quarantined } from '../../agent/quarantine';
import { type RunningCommand, runSignalbox } from './command';
import type { Fleet } from './fleet';
import { launchersBelow } from './local-host';
import { waitUntil } from './wait-until';

export interface AgentCrowd {
  directory: string;
  ids: readonly string[];
  start(): Promise<void>;
  /** Stops the process as it is; it goes on when the returned function is called. */
  freeze(id: string): () => void;
  /** SIGTERM, and waits until all have reported what they have. @returns exit codes */
  drain(): Promise<Array<number | string>>;
  /** Attempts that are unfinished, by file. */
  outboxes(): string[];
  /** What the agents keep of work that was overtaken. */
  quarantined(): Quarantined[];
  output(id: string): string;
  close(): Promise<void>;
}

export interface CrowdOptions {
  ids: readonly string[];
  urlOf(id: string): string;
  capability: string;
  lease_s: number;
}

export function agentCrowd(fleet: Fleet, { ids, urlOf, capability, lease_s }: CrowdOptions): AgentCrowd {
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-crowd-'));
  const agents = new Map<string, RunningCommand>();
  const stateDir = (id: string) => join(directory, id);
  const existing = (id: string): RunningCommand => {
    const agent = agents.get(id);
    if (agent === undefined) throw new Error(`no agent ${id}`);
    return agent;
  };

  async function startAgent(id: string) {
    const reply = await fleet.admin.post('/tokens', { agent_id: id });
    const tokenFile = join(directory, `${id}.token`);
    writeFileSync(tokenFile, reply.body.token);
    const place = ['--url', urlOf(id), '--token-file', tokenFile, '--id', id, '--state-dir', stateDir(id)];
    const times = ['--lease', String(lease_s), '--kill-grace', '0.5'];
    const agent = runSignalbox(['agent', ...place, '--capability', capability, '--no-detect', ...times], {
      LOG_LEVEL: 'info',
    });
    agents.set(id, agent);
    await agent.said(/is ready/);
  }

  return {
    directory,
    ids,
    async start() {
      await Promise.all(ids.map(startAgent));
    },
    freeze(id) {
      const { child } = existing(id);
      child.kill('SIGSTOP');
      return () => child.kill('SIGCONT');
    },
    drain() {
      return Promise.all(ids.map((id) => existing(id).kill('SIGTERM')));
    },
    outboxes: () =>
      ids.flatMap((id) => readdirSync(join(stateDir(id), 'outbox')).map((file) => `${id}: ${file}`)),
    quarantined: () => ids.flatMap((id) => listQuarantine(join(stateDir(id), 'quarantine'))),
    output: (id) => existing(id).output(),
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.kill('SIGKILL')));
      await waitUntil(() => launchersBelow(directory).length === 0, { what: 'launchers to end' });
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
