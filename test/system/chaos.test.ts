/**
 * 20 reference agents work off many tasks while all that they depend on is killed, their calls lose their answers, and
 * they themselves freeze and are cut off past their lease. `CHAOS_TASKS=500` for more tasks, `CHAOS_SEED` to repeat,
 * `CHAOS_LOGS` for a folder where what all have printed is kept.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { quarantineWorkflowId } from '../../workflows/names';
import { type AgentCrowd, agentCrowd } from '../helpers/agent-crowd';
import { createFleet, type Fleet, replaceServer, untilAnswered, untilClosed } from '../helpers/fleet';
import { type HandedIn, isGrant, Ledger, taskOf } from '../helpers/ledger';
import { listServerQuarantine } from '../helpers/list-quarantine';
import { launchersBelow } from '../helpers/local-host';
import { type LossyHttpProxy, lossyHttpProxy } from '../helpers/lossy-http-proxy';
import { seededRandom, shuffled } from '../helpers/seeded-random';
import { waitUntil } from '../helpers/wait-until';

const { CHAOS_TASKS = '250', CHAOS_SEED = String(Date.now() % 1_000_000), CHAOS_LOGS } = process.env;
const TASKS = Number(CHAOS_TASKS);
const AGENTS = 20;
const LEASE_S = 4;
/** Shares of the answers that are lost after the API has given them. */
const LOST_GRANTS = 0.15;
const LOST_OUTCOMES = 0.25;
/** How often each happens, for every 250 tasks begun. */
const TIMES = { api: 3, worker: 3, server: 2, temporal: 1, freeze: 5, cutOff: 5 };
type Mishap = keyof typeof TIMES;
const WAVE = 10;
/** A task that is freed comes behind all that wait: few do, so that it is taken over soon. */
const AHEAD = 40;
/** Guards against hanging: a busy machine takes many times as long as a quiet one. */
const STEP_MS = 240_000;

jest.setTimeout(600_000 + TASKS * 10_000);

const random = seededRandom(Number(CHAOS_SEED));
const ledger = new Ledger();
const lost = { grants: 0, outcomes: 0 };
const ids = Array.from({ length: TASKS }, (_, i) => `chaos-${i}`);
/** The test is: nothing waits any more. */
let over = false;
let fleet: Fleet;
let proxy: LossyHttpProxy;
let crowd: AgentCrowd;

beforeAll(async () => {
  fleet = await createFleet({ backoff: { initial_ms: 10, max_ms: 100 }, default_max_retries: 100 });
  await fleet.start('temporal', 'worker', 'api');
  proxy = await lossyHttpProxy(fleet.url, {
    asked: (call) => ledger.asked(call),
    answered(call, status, body) {
      ledger.answered(call, status, body);
      const grant = isGrant(call, status) && random() < LOST_GRANTS;
      const outcome = taskOf(call) !== null && random() < LOST_OUTCOMES;
      lost.grants += Number(grant);
      lost.outcomes += Number(outcome);
      return !grant && !outcome;
    },
  });
  crowd = agentCrowd(fleet, {
    ids: Array.from({ length: AGENTS }, (_, i) => `chaos-agent-${i}`),
    urlOf: (id) => proxy.urlOf(id),
    capability: 'agent:chaos',
    lease_s: LEASE_S,
  });
  await crowd.start();
});

afterAll(async () => {
  over = true;
  if (CHAOS_LOGS !== undefined) keepLogs(CHAOS_LOGS);
  await crowd?.close();
  await proxy?.close();
  await fleet?.stop();
});

function keepLogs(folder: string) {
  mkdirSync(folder, { recursive: true });
  for (const id of crowd.ids) writeFileSync(join(folder, `${id}.log`), crowd.output(id));
  writeFileSync(join(folder, 'roles.log'), fleet.output());
  writeFileSync(join(folder, 'handed-in.json'), JSON.stringify([...ledger.handedIn.values()], null, 1));
}

const traceFile = () => join(crowd.directory, 'trace');
/** `<task> <epoch>` for each time that a task had its effect. */
const effects = () =>
  existsSync(traceFile()) ? readFileSync(traceFile(), 'utf8').trimEnd().split('\n') : [];

async function createAll() {
  const create = (id: string) => {
    const work = (0.1 + random() * 0.9).toFixed(2);
    const body = `echo "$SIGNALBOX_TASK_ID $SIGNALBOX_EPOCH" >> '${traceFile()}'; sleep ${work}; echo "epoch $SIGNALBOX_EPOCH"`;
    const task = { id, title: 't', body, labels: ['agent:chaos'], template: 'shell' };
    return untilAnswered(`creation of ${id}`, () => fleet.admin.post('/tasks', task), 200, 201);
  };
  for (let i = 0; i < TASKS; i += WAVE) {
    await waitUntil(() => over || ledger.done.size >= i - AHEAD, {
      timeoutMs: STEP_MS,
      what: `${i - AHEAD} receipts before more tasks are created; there are ${ledger.done.size}`,
    });
    await Promise.all(ids.slice(i, i + WAVE).map(create));
  }
}

const away = new Set<string>();

/** An agent that has begun a task is silenced until somebody else has taken that task, or its receipt was on the way already. */
async function silence(how: (agent: string) => () => void) {
  const begun = (agent: string) => {
    const held = away.has(agent) ? null : ledger.holding(agent);
    return held !== null && effects().includes(`${held.task} ${held.epoch}`) ? { agent, held } : null;
  };
  const victim = await waitUntil(
    () =>
      over || ledger.done.size === TASKS
        ? 'none is left'
        : shuffled(crowd.ids, random)
            .map(begun)
            .find((it) => it !== null),
    { timeoutMs: STEP_MS, what: 'an agent at work' },
  );
  if (victim === 'none is left') return;
  away.add(victim.agent);
  const back = how(victim.agent);
  try {
    const { task, epoch } = victim.held;
    await waitUntil(() => over || ledger.isOver(victim.held), {
      timeoutMs: STEP_MS,
      what: `somebody to take ${task} over from ${victim.agent}, epoch ${epoch}`,
    });
  } finally {
    back();
    away.delete(victim.agent);
  }
}

const restart = async (role: 'api' | 'worker' | 'temporal') => {
  await fleet.kill9(role);
  await fleet.start(role);
};

const silenced: Array<Promise<void>> = [];
const MISHAPS: Record<Mishap, () => Promise<void> | number> = {
  api: () => restart('api'),
  worker: () => restart('worker'),
  temporal: () => restart('temporal'),
  server: () => replaceServer(fleet),
  // Others happen meanwhile.
  freeze: () => silenced.push(silence((agent) => crowd.freeze(agent))),
  cutOff: () => silenced.push(silence((agent) => proxy.cutOff(agent))),
};

async function haveMishaps() {
  const rounds = Math.ceil(TASKS / 250);
  const kinds = Object.keys(TIMES) as Mishap[];
  const all = kinds.flatMap((kind) => Array.from({ length: TIMES[kind] * rounds }, () => kind));
  const plan = shuffled(all, random);
  for (const [i, mishap] of plan.entries()) {
    const after = Math.floor(((i + 1) * TASKS) / (plan.length + 2));
    await waitUntil(() => over || ledger.done.size >= after, {
      timeoutMs: STEP_MS,
      what: `${after} receipts before mishap ${i} (${mishap}); there are ${ledger.done.size}`,
    });
    await MISHAPS[mishap]();
  }
  await Promise.all(silenced);
}

const REFUSED = new Set([409, 410]);
const quarantineId = ({ task, epoch, completion_id }: HandedIn) =>
  quarantineWorkflowId(task, epoch, completion_id);

it(`${AGENTS} agents complete each of ${TASKS} tasks once, whatever fails (seed ${CHAOS_SEED})`, async () => {
  console.info(`chaos: seed ${CHAOS_SEED}, ${TASKS} tasks`);
  await Promise.all([createAll(), haveMishaps()]);
  const tasks = [];
  for (const id of ids) tasks.push(await untilClosed(fleet.admin, id, STEP_MS));
  const codes = await crowd.drain();

  // Nothing is stuck.
  expect(codes).toEqual(crowd.ids.map(() => 0));
  expect(crowd.outboxes()).toEqual([]);
  expect(launchersBelow(crowd.directory)).toEqual([]);
  expect(proxy.open()).toBe(0);
  for (const id of crowd.ids) {
    const reply = await untilAnswered(id, () => fleet.admin.get(`/agents/${id}`), 200);
    expect(reply.body).toMatchObject({ holds: [] });
  }

  // Each receipt that was handed in was answered: one of each task was accepted, the rest is in quarantine.
  const handedIn = [...ledger.handedIn.values()];
  const unfit = ({ answers, status }: HandedIn) => status !== 'completed' || answers.length === 0;
  expect(handedIn.filter(unfit)).toEqual([]);
  const kept = await waitUntil(
    async () => {
      const items = await listServerQuarantine(fleet.admin);
      return items.length >= handedIn.length - TASKS && items;
    },
    { what: `${handedIn.length - TASKS} receipts in quarantine` },
  );
  const inQuarantine = new Set(kept.map(({ id }) => id));
  const accepted = handedIn.filter((receipt) => !inQuarantine.has(quarantineId(receipt)));
  expect(accepted.map(({ task }) => task).sort()).toEqual([...ids].sort());
  expect([...inQuarantine].sort()).toEqual(
    handedIn
      .filter((receipt) => !accepted.includes(receipt))
      .map(quarantineId)
      .sort(),
  );
  // The agents were told the same.
  const told = (receipt: HandedIn) => receipt.answers.map(({ status }) => status);
  expect(accepted.filter((receipt) => told(receipt).some((status) => REFUSED.has(status)))).toEqual([]);
  const late = handedIn.filter((receipt) => inQuarantine.has(quarantineId(receipt)));
  expect(late.filter((receipt) => told(receipt).includes(200))).toEqual([]);
  const shelved = crowd.quarantined();
  expect(shelved.filter(({ kind }) => kind === 'refused_receipt')).toEqual([]);
  for (const { quarantine_id } of shelved.filter(({ kind }) => kind === 'late_receipt'))
    expect(inQuarantine).toContain(quarantine_id);

  const seen = effects();
  expect(seen).toHaveLength(new Set(seen).size);
  for (const task of tasks) {
    const { epoch } = accepted.find((receipt) => receipt.task === task.id) ?? {};
    expect(task).toMatchObject({
      status: 'completed',
      lease: null,
      receipt: { summary: `epoch ${epoch}`, manual: false },
    });
    expect(task.attempts.filter(({ outcome }) => outcome === 'completed')).toMatchObject([{ epoch }]);
    expect(task.attempts.filter(({ ended_at }) => ended_at === null)).toEqual([]);
    expect(seen).toContain(`${task.id} ${epoch}`);
    const events = await fleet.admin.events(task.id);
    expect(events.filter(({ type }) => type === 'receipt_accepted')).toHaveLength(1);
  }

  // It was not for want of trouble.
  const overtaken = tasks.filter(({ epoch }) => epoch > 1).length;
  console.info(
    `chaos: seed ${CHAOS_SEED}: ${JSON.stringify({ lost, overtaken, late: late.length, aborted: shelved.length - late.length, effects: seen.length })}`,
  );
  expect(Math.min(lost.grants, lost.outcomes, overtaken, late.length)).toBeGreaterThan(0);
});
