import type { Life } from './lives';

export interface Measured {
  lives: number;
  perSecond: number;
  p50Ms: number;
  p95Ms: number;
}

/** Runs `lives` lives with `inFlight` of them at a time. */
export async function measure(life: Life, inFlight: number, lives: number): Promise<Measured> {
  const times: number[] = [];
  let left = lives;
  const begin = performance.now();
  const client = async (worker: number) => {
    while (left-- > 0) {
      const start = performance.now();
      await life(worker);
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, worker) => client(worker)));
  const seconds = (performance.now() - begin) / 1000;
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0;
  return { lives, perSecond: lives / seconds, p50Ms: at(0.5), p95Ms: at(0.95) };
}

/** Both in turns, so that a change in the machine's load meets both alike. */
export async function alternate(
  lifes: { rest: Life; bare: Life },
  inFlight: number,
  lives: number,
  rounds: number,
) {
  const rest: Measured[] = [];
  const bare: Measured[] = [];
  for (let round = 0; round < rounds; round++) {
    bare.push(await measure(lifes.bare, inFlight, lives));
    rest.push(await measure(lifes.rest, inFlight, lives));
  }
  return { rest: mean(rest), bare: mean(bare) };
}

function mean(all: Measured[]): Measured {
  const of = (field: keyof Measured) => all.reduce((sum, m) => sum + m[field], 0) / all.length;
  return {
    lives: of('lives') * all.length,
    perSecond: of('perSecond'),
    p50Ms: of('p50Ms'),
    p95Ms: of('p95Ms'),
  };
}
