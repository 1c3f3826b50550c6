/** Prints the figures beside what the project aims at. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineFigures } from './engine';
import type { PullFigures } from './pull/part';
import { PULL_AIM, reportPull } from './pull/report';
import type { Fleet } from './ssh/fleet-figures';
import type { Latency } from './ssh/latency';
import type { SshFigures } from './ssh/part';

const AIM = { ratio: 0.6, actions: 10, ofCold: 0.3, ofMaster: 1, peakMb: 1_000, cores: 1 };

export interface Figures {
  engine?: EngineFigures;
  /** Why it was left out, where it was. */
  pull?: PullFigures | string;
  /** Why it was left out, where it was. */
  ssh?: SshFigures | string;
}

const round = (value: number, digits = 1) => Number(value.toFixed(digits));

export function report({ engine, pull, ssh }: Figures) {
  if (engine !== undefined) reportEngine(engine);
  if (typeof pull === 'string') console.log(`\nAgents that pull: left out, ${pull}`);
  else if (pull !== undefined) reportPull(pull);
  if (typeof ssh === 'string') console.log(`\nOver SSH: left out, ${ssh}`);
  else if (ssh !== undefined) reportSsh(ssh);
  const folder = join(__dirname, '..', '..', 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${new Date().toISOString().replaceAll(':', '-')}.json`);
  writeFileSync(file, JSON.stringify({ ...engine, pull, ssh, aim: { ...AIM, pull: PULL_AIM } }, null, 2));
  console.log(`JSON: ${file}`);
}

function reportEngine({ throughput, costs, renewals }: EngineFigures) {
  console.log('\nWhole lives: create, dequeue, complete, closed – beside start, Update, signal, result');
  console.table(
    throughput.map(({ inFlight, rest, bare, ratio }) => ({
      'in flight': inFlight,
      'REST /s': round(rest.perSecond),
      'bare /s': round(bare.perSecond),
      ratio: round(ratio, 2),
      'REST p50 ms': round(rest.p50Ms),
      'bare p50 ms': round(bare.p50Ms),
      'REST p95 ms': round(rest.p95Ms),
      'bare p95 ms': round(bare.p95Ms),
    })),
  );
  console.log('Cost of one task');
  console.table(costs);
  console.log(`${renewals.count} renewals added ${renewals.events} history events`);
  console.log(
    `Aims: ratio at least ${AIM.ratio}; at most ${AIM.actions} actions for an undecided pulled task`,
  );
}

function reportSsh({ asLoggedIn, bare, fleet }: SshFigures) {
  console.log('\nOver SSH, from the decision to the first byte of the remote process (medians)');
  console.table([latencyRow('as this user has it', asLoggedIn), latencyRow('without dotfiles', bare)]);
  console.log(
    `Aims: at most ${AIM.ofCold} of a connection each time, and ${AIM.ofMaster} of a ControlMaster`,
  );
  if (fleet !== null) reportFleet(fleet);
}

const latencyRow = (login: string, { runMs, coldMs, masterMs, ofCold, ofMaster }: Latency) => ({
  login,
  'a run, ms': runMs,
  'ssh, a connection each, ms': coldMs,
  ratio: round(ofCold, 2),
  'ssh, ControlMaster, ms': masterMs,
  'ratio ': round(ofMaster, 2),
});

function reportFleet(fleet: Fleet) {
  const { hosts, tasks, atOnce, attempts } = fleet;
  console.log(
    `\nOver SSH, ${hosts} hosts: all ${tasks} tasks completed, ${atOnce} runs at once, ${attempts} attempts`,
  );
  for (const failure of new Set(fleet.failures)) console.log(`  an attempt failed: ${failure}`);
  console.table([
    phase('first start to last start', fleet.startingSeconds, fleet.startingCores),
    phase('last start to first end', fleet.runningSeconds, fleet.runningCores),
    phase('first start to last end', fleet.seconds, fleet.cores),
  ]);
  console.log(`Peak memory of Signalbox (without the Temporal server): ${round(fleet.peakMb)} MB`);
  console.log(`Aims: under ${AIM.peakMb} MB; under ${AIM.cores} core from the first start to the last end`);
}

const phase = (name: string, seconds: number, cores: number) => ({
  phase: name,
  seconds: round(seconds),
  'cores of Signalbox': round(cores, 2),
});
