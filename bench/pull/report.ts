/** Prints the figures about pulling beside what the project aims at. */
import { callsPerSecond, coresOf, type Parked } from './parked-figures';
import type { PullFigures } from './part';
import type { Beside, Times } from './times';

export const PULL_AIM = { tasks: 10_000, cores: 0.02, callsAdded: 0, ofFew: 1.3, ofBare: 1.5 };
/** A window may catch a look of the board more or less, and a full one now and then. */
const CALLS_TOLERANCE = 0.1;

const round = (value: number, digits = 1) => Number(value.toFixed(digits));
const verdict = (met: boolean) => (met ? 'met' : 'MISSED');

export function reportPull({ delivery, parked, backlog, load }: PullFigures) {
  reportParked(parked);
  console.log('\nTo get a task when few wait and when many do (in turns, from two systems)');
  console.table([backlog.few, backlog.many].map((side) => ({ tasks: side.tasks, ...row(side) })));
  console.log(`Filled in ${round(backlog.fillSeconds)} s; ratio of the medians ${round(backlog.ratio, 2)}`);
  console.log(`Aim: at most ${PULL_AIM.ofFew}: ${verdict(backlog.ratio <= PULL_AIM.ofFew)}`);
  if (backlog.many.tasks < PULL_AIM.tasks) {
    console.log(`The aim is about ${PULL_AIM.tasks} tasks; these were fewer, by --tasks or --scale`);
  }
  console.log(
    '\nFrom creating a task to its delivery to an agent that waits, beside start and Update (in turns)',
  );
  console.table([
    besideRow('it alone', delivery.alone),
    besideRow(`it and ${parked.agents} others`, delivery.amongMany),
  ]);
  const met = delivery.alone.ratio <= PULL_AIM.ofBare;
  console.log(`Aim: at most ${PULL_AIM.ofBare} of the bare engine, by the medians: ${verdict(met)}`);
  const loads = Object.entries(load).map(([name, value]) => `${name} ${round(value)}`);
  console.log(`Load of the machine before each: ${loads.join(', ')}`);
}

function reportParked(parked: Parked) {
  console.log('\nAgents that only wait, each on a connection of its own');
  console.table(
    parked.rests.map((rest) => ({
      agents: rest.agents,
      seconds: round(rest.seconds),
      'cores of Signalbox': round(coresOf(rest), 4),
      'polls begun again': rest.polls,
      'not answered well': rest.odd,
      'visibility calls': rest.visibilityCalls,
      'calls /s': round(callsPerSecond(rest), 2),
    })),
  );
  const { agents, cores, pollingCores, engineCores, msPerPoll, callsAdded } = parked;
  const percent = (value: number) => `${round(100 * value, 2)} % of a core`;
  console.log(
    `${agents} agents cost ${percent(cores)} while they wait, and ${percent(pollingCores)} over a time in which each of ` +
      `them asks again (${round(msPerPoll, 2)} ms for each that does); the Temporal server ${percent(engineCores)}`,
  );
  console.log(
    `Aims: under ${percent(PULL_AIM.cores)}: ${verdict(cores < PULL_AIM.cores)} while they wait, ` +
      `${verdict(pollingCores < PULL_AIM.cores)} with asking again; no more visibility calls than one agent causes: ` +
      verdict(callsAdded <= PULL_AIM.callsAdded + CALLS_TOLERANCE),
  );
}

const row = ({ samples, p50Ms, p95Ms }: Times) => ({
  samples,
  'p50 ms': round(p50Ms),
  'p95 ms': round(p95Ms),
});

const besideRow = (agents: string, { product, bare, ratio }: Beside) => ({
  'agents that wait': agents,
  samples: product.samples,
  'p50 ms': round(product.p50Ms),
  'bare p50 ms': round(bare.p50Ms),
  ratio: round(ratio, 2),
  'p95 ms': round(product.p95Ms),
  'bare p95 ms': round(bare.p95Ms),
});
