/** What the runs themselves noted of their lives. */

export interface Span {
  /** Milliseconds since 1970, by the clock of the host. */
  from: number;
  to: number;
}

/** A time as `date +%s%3N` prints it. @throws Error for anything else */
export function timeOf(text: string): number {
  if (!/^\d{13}\n?$/.test(text)) throw new Error(`not a time in milliseconds: ${JSON.stringify(text)}`);
  return Number(text);
}

/** How many were there at one time; one that ends as another begins does not count beside it. */
export function mostAtOnce(spans: readonly Span[]): number {
  const steps = spans.flatMap(({ from, to }) => [
    { at: from, change: 1 },
    { at: to, change: -1 },
  ]);
  steps.sort((a, b) => a.at - b.at || a.change - b.change);
  let most = 0;
  let now = 0;
  for (const { change } of steps) {
    now += change;
    most = Math.max(most, now);
  }
  return most;
}
