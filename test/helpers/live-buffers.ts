import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes in buffers that are in use, without those that wait for the collector. */
export function liveBuffers(): number {
  collect();
  // The first leaves the memory of buffers to another thread, for which the second waits.
  collect();
  return process.memoryUsage().arrayBuffers;
}
