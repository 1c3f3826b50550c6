/** The figures of the fleet, from what was seen. Pure. */
import { coresBetween, type Watched } from '../usage';
import { mostAtOnce, type Span } from './marks';

export interface Seen {
  hosts: number;
  /** With the reason why an attempt failed, where one did. */
  tasks: Array<{ id: string; status: string; failure: string | null }>;
  /** One for each attempt, by its own marks; one that was ended by others has no end of its own. */
  runs: Array<{ from: number; to: number | null }>;
  watched: Watched;
}

export interface Fleet {
  hosts: number;
  tasks: number;
  /** More than tasks where some were tried again. */
  attempts: number;
  /** Why they were. */
  failures: string[];
  atOnce: number;
  peakMb: number;
  /** From the first start to the last end. */
  cores: number;
  /** From the first start to the last. */
  startingCores: number;
  /** From the last start to the first end. */
  runningCores: number;
  startingSeconds: number;
  runningSeconds: number;
  seconds: number;
}

/** @throws Error when a task was not completed, or the runs were not all there at one time */
export function fleetOf({ hosts, tasks, runs, watched }: Seen): Fleet {
  const wrong = tasks.filter(({ status }) => status !== 'completed');
  if (wrong.length > 0) throw new Error(`not completed: ${JSON.stringify(wrong)}`);
  const spans = runs.filter((run): run is Span => run.to !== null);
  const atOnce = mostAtOnce(spans);
  if (atOnce !== tasks.length) throw new Error(`only ${atOnce} runs were there at one time`);
  const firstStart = Math.min(...spans.map(({ from }) => from));
  const lastStart = Math.max(...spans.map(({ from }) => from));
  const firstEnd = Math.min(...spans.map(({ to }) => to));
  const lastEnd = Math.max(...spans.map(({ to }) => to));
  const cores = (from: number, to: number) => coresBetween(watched.samples, from, to);
  return {
    hosts,
    tasks: tasks.length,
    attempts: runs.length,
    failures: tasks.flatMap(({ failure }) => failure ?? []),
    atOnce,
    peakMb: watched.peakBytes / 1e6,
    cores: cores(firstStart, lastEnd),
    startingCores: cores(firstStart, lastStart),
    runningCores: cores(lastStart, firstEnd),
    startingSeconds: (lastStart - firstStart) / 1000,
    runningSeconds: (firstEnd - lastStart) / 1000,
    seconds: (lastEnd - firstStart) / 1000,
  };
}
