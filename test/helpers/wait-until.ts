const POLL_MS = 25;

export interface WaitOptions {
  timeoutMs?: number;
  /** Completes "waited N ms for …". */
  what: string;
}

/**
 * Waits for a condition; a condition that throws counts as not met yet.
 * @returns the first truthy value
 * @throws Error that says what it waited for, with the last error as its cause
 */
export async function waitUntil<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 60_000, what }: WaitOptions,
): Promise<Exclude<T, false | null | undefined>> {
  const giveUp = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value as Exclude<T, false | null | undefined>;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() >= giveUp) {
      const reason = last === undefined ? '' : `; last error: ${last}`;
      throw new Error(`waited ${timeoutMs} ms for ${what}${reason}`, { cause: last });
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
