/** What agents cost that only wait. Pure. */

/** A time in which nothing happens but waiting. */
export interface Rest {
  agents: number;
  seconds: number;
  /** CPU time of Signalbox, in milliseconds. */
  cpuMs: number;
  /** Of the Temporal server. */
  engineCpuMs: number;
  visibilityCalls: number;
  /** Answered with 204, and asked again. */
  polls: number;
}

export interface Parked {
  rests: Rest[];
  agents: number;
  /** Of a core, more than with no agent. */
  cores: number;
  engineCores: number;
  /** CPU time of Signalbox for each poll that ended and began again, in milliseconds, if all of it were that. */
  msPerPoll: number;
  /** Visibility calls a second, beyond those with one agent. */
  callsAdded: number;
}

export const coresOf = ({ cpuMs, seconds }: Pick<Rest, 'cpuMs' | 'seconds'>) => cpuMs / 1000 / seconds;
export const callsPerSecond = ({ visibilityCalls, seconds }: Rest) => visibilityCalls / seconds;

export function parkedOf(idle: Rest, one: Rest, crowd: Rest): Parked {
  const engine = ({ engineCpuMs, seconds }: Rest) => coresOf({ cpuMs: engineCpuMs, seconds });
  const cores = coresOf(crowd) - coresOf(idle);
  return {
    rests: [idle, one, crowd],
    agents: crowd.agents,
    cores,
    engineCores: engine(crowd) - engine(idle),
    msPerPoll: crowd.polls === 0 ? Number.NaN : (cores * crowd.seconds * 1000) / crowd.polls,
    callsAdded: callsPerSecond(crowd) - callsPerSecond(one),
  };
}
