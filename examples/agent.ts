import { SignalboxAgent } from 'signalbox';

const { API_URL = 'http://127.0.0.1:3001', AGENT_TOKEN = '', STATE_DIR = '.signalbox/agent' } = process.env;
const say = (fields: object, message: string) => console.log(message, JSON.stringify(fields));

const agent = new SignalboxAgent({
  url: API_URL,
  token: AGENT_TOKEN,
  agentId: 'example',
  capabilities: ['agent:code'],
  slots: 1,
  stateDir: STATE_DIR,
  logger: { info: say, warn: say, error: say },
});
process.once('SIGTERM', () => agent.drain());

async function main() {
  await agent.start();
  await agent.ended;
}
void main();
