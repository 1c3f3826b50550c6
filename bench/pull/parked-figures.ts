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
  /** Polls that had any other answer, or none: above zero, the machine had too little left for a figure. */
  odd: number;
}

export interface Parked {
  rests: Rest[];
  agents: number;
  /** Of a core, more than with no agent, while no poll ends. */
  cores: number;
  /** As `cores`, over a time in which every poll ends and begins again. */
  pollingCores: number;
  /** Of the Temporal server, over the same time. */
  engineCores: number;
  /** CPU time of Signalbox for each poll that ended and began again, in milliseconds. */
  msPerPoll: number;
  /** Visibility calls a second, beyond those with one agent. */
  callsAdded: number;
}

export const coresOf = ({ cpuMs, seconds }: Pick<Rest, 'cpuMs' | 'seconds'>) => cpuMs / 1000 / seconds;
export const callsPerSecond = ({ visibilityCalls, seconds }: Rest) => visibilityCalls / seconds;

/** @param still and `polling` are of all agents: while no poll ends, and while every one does */
export function parkedOf({
  idle,
  one,
  still,
  polling,
}: Record<'idle' | 'one' | 'still' | 'polling', Rest>): Parked {
  const engine = ({ engineCpuMs, seconds }: Rest) => coresOf({ cpuMs: engineCpuMs, seconds });
  const ofPolls = coresOf(polling) - coresOf(still);
  return {
    rests: [idle, one, still, polling],
    agents: still.agents,
    cores: coresOf(still) - coresOf(idle),
    pollingCores: coresOf(polling) - coresOf(idle),
    engineCores: engine(polling) - engine(idle),
    msPerPoll:
      (ofPolls * polling.seconds * 1000) / (polling.polls - (still.polls * polling.seconds) / still.seconds),
    callsAdded: Math.max(callsPerSecond(still), callsPerSecond(polling)) - callsPerSecond(one),
  };
}
