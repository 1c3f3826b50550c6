import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type AgentOptions, SignalboxAgent } from '../agent/signalbox-agent';
import { readEnvironment } from '../workers/config/environment';
import { loadConfig } from '../workers/config/load-config';
import { createLogger } from '../workers/logger';
import { showAgentState } from './agent-state';
import { watchCrashes } from './stop-signals';

export interface AgentCommand {
  url?: string;
  tokenFile?: string;
  id?: string;
  capability: string[];
  detect: boolean;
  slots: string;
  stateDir: string;
  template?: string;
  config?: string;
  lease?: string;
  checkpointEvery?: string;
  abandonAfter?: string;
  killGrace?: string;
  status?: boolean;
}

const DEFAULT_URL = 'http://127.0.0.1:3001';
/** One Ctrl-C may reach us twice: from the terminal, and passed on by npm. */
const SAME_ORDER_MS = 1_000;

/** Runs an agent until it is told to stop. @returns the exit code */
export async function runAgent(command: AgentCommand, version: string): Promise<number> {
  const stateDir = resolve(command.stateDir);
  if (command.status) {
    process.stdout.write(showAgentState(stateDir));
    return 0;
  }
  const crash = watchCrashes();
  try {
    const agent = new SignalboxAgent(optionsOf(command, stateDir, version));
    obeySignals(agent);
    await Promise.race([agent.start(), crash]);
    console.log(`Agent ${agent.agentId} is ready.`);
    await Promise.race([agent.ended, crash]);
    console.log('Stopped.');
    return 0;
  } catch (error) {
    console.error(`The agent failed: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

function optionsOf(command: AgentCommand, stateDir: string, version: string): AgentOptions {
  const environment = readEnvironment();
  const { templates, default_template, prompts } = loadConfig(command.config ?? environment.configPath);
  const variable = (name: string) => environment.variable(name) ?? undefined;
  const token = command.tokenFile === undefined ? variable('SIGNALBOX_TOKEN') : readToken(command.tokenFile);
  if (token === undefined) throw new Error('no token: expected --token-file, or SIGNALBOX_TOKEN');
  return {
    url: command.url ?? variable('SIGNALBOX_URL') ?? DEFAULT_URL,
    token,
    ...(command.id !== undefined && { agentId: command.id }),
    capabilities: command.capability,
    detect: command.detect,
    slots: Number(command.slots),
    stateDir,
    version,
    templates,
    defaultTemplate: command.template ?? default_template,
    prompts,
    logger: createLogger(environment.logLevel),
    ...seconds('lease_s', command.lease, 1),
    ...seconds('checkpoint_every_ms', command.checkpointEvery, 1_000),
    ...seconds('abandon_after_ms', command.abandonAfter, 1_000),
    ...seconds('kill_grace_ms', command.killGrace, 1_000),
  };
}

function seconds(name: keyof AgentOptions, text: string | undefined, times: number): Partial<AgentOptions> {
  if (text === undefined) return {};
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${name}: expected seconds, got ${JSON.stringify(text)}`);
  return { [name]: value * times };
}

function readToken(file: string): string {
  if (!existsSync(file)) throw new Error(`--token-file ${file}: there is none`);
  return readFileSync(file, 'utf8').trim();
}

/** The first signal drains, the second stops now, the third ends the process at once. */
function obeySignals(agent: SignalboxAgent): void {
  let orders = 0;
  let last = 0;
  const onSignal = (name: NodeJS.Signals) => {
    if (name === 'SIGINT' && Date.now() - last < SAME_ORDER_MS) return;
    last = Date.now();
    orders += 1;
    if (orders === 1) {
      console.log(`${name}: taking no more tasks; ${agent.busy} at work …`);
      agent.drain();
    } else if (orders === 2) {
      console.log(`${name} again: stopping now …`);
      agent.stop();
    } else process.exit(1);
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
}
