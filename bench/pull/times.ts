/** Times of two things that were measured in turns. Pure. */
import { median } from '../ssh/median';

export interface Times {
  samples: number;
  p50Ms: number;
  p95Ms: number;
}

export interface Beside {
  product: Times;
  bare: Times;
  /** Of the medians. */
  ratio: number;
}

/** @throws RangeError when there is none */
export function timesOf(ms: readonly number[]): Times {
  const p50Ms = median(ms);
  const sorted = ms.toSorted((a, b) => a - b);
  const p95Ms = sorted[Math.min(sorted.length - 1, Math.floor(0.95 * sorted.length))] ?? p50Ms;
  return { samples: ms.length, p50Ms, p95Ms };
}

export function besideOf(productMs: readonly number[], bareMs: readonly number[]): Beside {
  const [product, bare] = [timesOf(productMs), timesOf(bareMs)];
  return { product, bare, ratio: product.p50Ms / bare.p50Ms };
}
