/** `npm run demo`: the main job, for real. Exits non-zero with a reason if anything is not as it should be. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Api, createApi } from './api';
import { codeTask, raceTask, reviewTask, sshTask } from './cases';
import { makeRepository } from './repository';
import { type Sshd, startSshd } from './sshd';
import { type System, startSystem } from './system';

const say = (line = '') => console.log(line);

async function main() {
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-demo-'));
  const agents: ChildProcess[] = [];
  let system: System | null = null;
  let sshd: Sshd | null = null;
  try {
    const repository = makeRepository(join(directory, 'repository'));
    const started = await startSshd(join(directory, 'sshd'));
    if (typeof started !== 'string') sshd = started;
    const configFile = join(directory, 'signalbox.yaml');
    writeFileSync(configFile, config(directory, sshd));
    const adminToken = randomBytes(24).toString('base64url');
    say('Starting Signalbox …');
    system = await startSystem({
      stateDir: join(directory, 'state'),
      configFile,
      adminToken,
      onLine: (l) => say(`  | ${l}`),
    });
    const api = createApi(system.url, adminToken);
    const startAgent = async (id: string, capability: string) => {
      agents.push(await spawnAgent(api, system?.url ?? '', id, capability));
    };
    const stage = { api, repository, say, startAgent };
    await codeTask(stage);
    await reviewTask(stage);
    await raceTask(stage);
    if (sshd !== null) await sshTask(stage, sshd.port);
    else say(`\n(d) a task on a host over SSH: skipped, ${started}`);
    say();
    say(`All of it is as it should be. Temporal UI while it ran: ${system.temporalUi ?? 'not known'}`);
  } finally {
    await Promise.all(agents.map(endAgent));
    try {
      await system?.stop();
    } finally {
      await sshd?.stop();
      rmSync(directory, { recursive: true, force: true });
    }
  }
  say('Everything is stopped.');
}

const config = (directory: string, sshd: Sshd | null) => `hosts:
  local:
    transport: local
    capabilities: [agent:code]
    slots: 2
${places(directory, 'local')}${sshd === null ? '' : overSsh(directory, sshd)}`;

const overSsh = (directory: string, { port, user, identity, knownHosts }: Sshd) => `  over-ssh:
    transport: ssh
    address: 127.0.0.1
    port: ${port}
    user: ${JSON.stringify(user)}
    identity_file: ${JSON.stringify(identity)}
    known_hosts: ${JSON.stringify(knownHosts)}
    capabilities: [agent:build]
    slots: 1
${places(directory, 'over-ssh')}`;

const places = (
  directory: string,
  host: string,
) => `    work_root: ${JSON.stringify(join(directory, host, 'work'))}
    run_root: ${JSON.stringify(join(directory, host, 'runs'))}
`;

async function spawnAgent(api: Api, url: string, id: string, capability: string): Promise<ChildProcess> {
  const reply = await api.post('/tokens', { agent_id: id, role: 'agent' });
  if (reply.status !== 201)
    throw new Error(`no token for ${id}: ${reply.status} ${JSON.stringify(reply.body)}`);
  return spawn(process.execPath, [join(__dirname, 'agent.js')], {
    env: {
      PATH: process.env.PATH,
      API_URL: url,
      AGENT_ID: id,
      AGENT_TOKEN: reply.body.token,
      CAPABILITIES: capability,
    },
    stdio: 'inherit',
  });
}

async function endAgent(agent: ChildProcess): Promise<void> {
  if (agent.exitCode !== null || agent.signalCode !== null) return;
  const ended = new Promise((resolve) => agent.once('exit', resolve));
  agent.kill('SIGTERM');
  await ended;
}

main().catch((error: unknown) => {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
