/** As `date +%z` prints it. */
const OFFSET = /^([+-])(\d\d)(\d\d)$/;

export interface Day {
  year: number;
  /** 1 to 12. */
  month: number;
  day: number;
}

/** The calendar day at a moment in a time zone; null when nobody knows the zone. */
export function dayIn(zone: string, at_ms: number): Day | null {
  const wall = wallClock(zone, at_ms);
  if (wall === null) return null;
  const date = new Date(wall);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** The moment of a wall clock time in a time zone, in milliseconds since 1970. */
export function momentIn(
  zone: string,
  { year, month, day }: Day,
  hour: number,
  minute: number,
): number | null {
  const wanted = Date.UTC(year, month - 1, day, hour, minute);
  let moment = wanted;
  // Twice: the first guess may lie on the other side of a clock change.
  for (let i = 0; i < 2; i++) {
    const wall = wallClock(zone, moment);
    if (wall === null) return null;
    moment += wanted - wall;
  }
  return moment;
}

/** What the clock on the wall shows, as if it were UTC. */
function wallClock(zone: string, at_ms: number): number | null {
  const [, sign, hours, minutes] = OFFSET.exec(zone) ?? [];
  if (sign !== undefined) return at_ms + Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  try {
    const parts = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    }).formatToParts(at_ms);
    const part = (type: string) => Number(parts.find((p) => p.type === type)?.value);
    return Date.UTC(
      part('year'),
      part('month') - 1,
      part('day'),
      part('hour'),
      part('minute'),
      part('second'),
    );
  } catch {
    return null;
  }
}
