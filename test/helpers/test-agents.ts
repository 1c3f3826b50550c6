import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { listQuarantine } from '../../agent/quarantine';
import { type AgentOptions, SignalboxAgent } from '../../agent/signalbox-agent';
import type { TestApi } from './api-server';
import { launchersBelow } from './local-host';
import { waitUntil } from './wait-until';

export type TestAgents = ReturnType<typeof testAgents>;

/** Agents of the library in this process, in a directory of their own. Each is capable of `agent:<its id>`. */
export function testAgents(api: TestApi) {
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-agent-'));
  const agents: SignalboxAgent[] = [];
  const logs: string[] = [];
  const log = (fields: object, message: string) => logs.push(`${message} ${JSON.stringify(fields)}`);
  const path = (id: string) => `/tasks/${encodeURIComponent(id)}`;
  const stateDir = (agentId: string) => join(directory, `${agentId}-state`);

  /** A wait that fails tells what the agents said. */
  const told = <T>(wait: Promise<T>): Promise<T> =>
    wait.catch((error: Error) => {
      throw new Error(`${error.message}; the agents say:\n${logs.slice(-20).join('\n')}`);
    });

  async function stop() {
    for (const agent of agents.splice(0)) {
      agent.stop();
      await agent.ended.catch(() => undefined);
    }
  }

  return {
    directory,
    logs,
    path,
    stateDir,
    stop,
    async start(agentId: string, over: Partial<AgentOptions> = {}) {
      const token = await api.tokenFor(agentId);
      const agent = new SignalboxAgent({
        url: api.url,
        token,
        agentId,
        capabilities: [`agent:${agentId}`],
        detect: false,
        stateDir: stateDir(agentId),
        wait_ms: 2_000,
        kill_grace_ms: 300,
        log_every_ms: 100,
        logger: { info: log, warn: log, error: log },
        ...over,
      });
      agents.push(agent);
      await agent.start();
      return agent;
    },
    async create(id: string, agentId: string, body: string, over: Record<string, unknown> = {}) {
      const task = { id, title: 't', body, labels: [`agent:${agentId}`], template: 'shell', ...over };
      expect(await api.post('/tasks', task)).toMatchObject({ status: 201 });
    },
    view: async (id: string) => (await api.get(path(id))).body,
    untilStatus: (id: string, status: string) =>
      told(
        waitUntil(
          async () => {
            const { body } = await api.get(path(id));
            return body.status === status && !body.partial && body;
          },
          { timeoutMs: 45_000, what: `${id} to be ${status}` },
        ),
      ),
    untilIdle: (agentId: string) =>
      waitUntil(() => readdirSync(join(stateDir(agentId), 'outbox')).length === 0, {
        what: 'an empty outbox',
      }),
    untilSaid: (pattern: RegExp) =>
      told(
        waitUntil(() => logs.some((line) => pattern.test(line)), {
          timeoutMs: 60_000,
          what: String(pattern),
        }),
      ),
    /** The first that the agent keeps in quarantine. */
    untilQuarantined: (agentId: string) =>
      told(
        waitUntil(() => listQuarantine(join(stateDir(agentId), 'quarantine'))[0], {
          timeoutMs: 45_000,
          what: 'something in quarantine',
        }),
      ),
    async close() {
      await stop();
      await waitUntil(() => launchersBelow(directory).length === 0, { what: 'launchers to end' });
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Not a zombie either. */
export function processLives(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
