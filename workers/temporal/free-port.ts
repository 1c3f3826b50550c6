import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the range from which kernels take ports for outgoing connections: a client that keeps trying
// to reach a restarting server could otherwise be given that very port, and occupy it.
const LOWEST = 15_000;
const HIGHEST = 30_000;
const TRIES = 100;

/** A port on which nothing listens just now. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let i = 0; i < TRIES; i++) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port, host)) return port;
  }
  throw new Error(`no free port found on ${host} between ${LOWEST} and ${HIGHEST} in ${TRIES} tries`);
}

export function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
