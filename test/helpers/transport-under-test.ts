import { hostEnvironment } from '../../activities/ssh/host-environment';
import { LocalTransport } from '../../activities/ssh/local-transport';
import { assignments } from '../../activities/ssh/sh';
import type { Transport } from '../../activities/ssh/transport';
import { RUN_MARK } from './leaks';

/** Makes what the hosts of a test file are reached by; `env` is set for every script besides what is there. */
export type MakeTransport = (env: Record<string, string>) => Transport;

const makeLocal: MakeTransport = (env) =>
  new LocalTransport({ env: { ...hostEnvironment(process.env), ...leakMark(), ...env } });

let make: MakeTransport = makeLocal;

export const makeTransport: MakeTransport = (env) => make(env);

/** For all hosts from now on. */
export function reachHostsBy(transport: () => Transport): void {
  make = (env) => withEnvironment(transport(), env);
}

function withEnvironment(inner: Transport, env: Record<string, string>): Transport {
  const names = Object.keys(env);
  if (names.length === 0) return inner;
  const set = `${assignments(env)}export ${names.join(' ')}\n`;
  return { exec: (script, options) => inner.exec(set + script, options), close: () => inner.close() };
}

/** Lets the test environment see launchers that are left, too. */
function leakMark(): Record<string, string> {
  const mark = process.env[RUN_MARK];
  return mark === undefined ? {} : { [RUN_MARK]: mark };
}
