import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The embedded server notes its address in the state directory. */
export function temporalAddress(stateDir: string): string {
  return `127.0.0.1:${JSON.parse(readFileSync(join(stateDir, 'temporal.json'), 'utf8')).port}`;
}
