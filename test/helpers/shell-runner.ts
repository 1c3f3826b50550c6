/** examples/fleet-runner.sh in a process of its own, with a directory of its own. */
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestApi } from './api-server';
import { type RunningCommand, runCommand } from './command';
import { waitUntil } from './wait-until';

export const EXAMPLES = join(__dirname, '..', '..', 'examples');
const RUNNER = join(EXAMPLES, 'fleet-runner.sh');
const PLACES = ['inbox', 'building', 'waiting', 'shipped', 'failed', 'quarantine'] as const;
type Place = (typeof PLACES)[number];

export type ShellRunner = ReturnType<typeof shellRunner>;

/** Runs nothing yet. `variables`: beside those that every test here needs. */
export function shellRunner(variables: Record<string, string> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-runner-'));
  const work = join(directory, 'work');
  mkdirSync(work);
  const queue = join(directory, 'queue');
  const environment: Record<string, string> = {
    AQ_DIR: queue,
    AQ_WORKDIR: work,
    AQ_IDLE_SEC: '0.2',
    AQ_KILL_SEC: '2',
    AQ_FLEET_TIMEOUT_SEC: '10',
    ...variables,
  };
  const commands: RunningCommand[] = [];
  const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  const namesIn = (place: Place) =>
    existsSync(join(queue, place))
      ? readdirSync(join(queue, place)).filter((name) => name.endsWith('.md'))
      : [];
  return {
    directory,
    work,
    queue,
    environment,
    start(mode: 'run' | 'once' | 'status', more: Record<string, string> = {}): RunningCommand {
      const command = runCommand('bash', [RUNNER, mode], { ...environment, ...more });
      commands.push(command);
      return command;
    },
    /** A local job. */
    put(name: string, body: string) {
      mkdirSync(join(queue, 'inbox'), { recursive: true });
      writeFileSync(join(queue, 'inbox', `${name}.md`), body);
    },
    /** Where each job is. */
    places: () =>
      Object.fromEntries(PLACES.map((place) => [place, namesIn(place)])) as Record<Place, string[]>,
    /** The first job of a place: what its files say. */
    files(place: Place) {
      const [name] = namesIn(place);
      const base = join(queue, place, (name ?? 'none.md').slice(0, -3));
      const meta = Object.fromEntries(
        read(`${base}.meta`)
          .split('\n')
          .filter(Boolean)
          .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
      );
      return { base, body: read(`${base}.md`), log: read(`${base}.log`), meta };
    },
    /** Waits until so many jobs are there. */
    until: (place: Place, count = 1) =>
      waitUntil(() => namesIn(place).length === count, {
        timeoutMs: 40_000,
        what: `${count} in ${place}; ${read(join(queue, 'fleet.log'))}`,
      }),
    events: () => read(join(queue, 'fleet.log')),
    /** A file that commands of this runner write or wait for. */
    file: (name: string) => join(directory, name),
    has: (name: string) => existsSync(join(directory, name)),
    say: (name: string) => writeFileSync(join(directory, name), ''),
    read: (name: string) => read(join(directory, name)),
    async stop() {
      await Promise.all(commands.map((command) => command.kill()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** One of the fleet; takes only jobs with the label `agent:<its name>`, unless told otherwise. */
export async function fleetShellRunner(api: TestApi, variables: Record<string, string> = {}) {
  const name = `f-${randomUUID()}`;
  const token = await api.tokenFor(name);
  const runner = shellRunner({
    AQ_FLEET: '1',
    AQ_FLEET_API: `${api.url}/api`,
    AQ_FLEET_TOKEN: token,
    AQ_FACTORY_ID: name,
    AQ_FLEET_CAPS: `agent:${name}`,
    ...variables,
  });
  return {
    ...runner,
    name,
    token,
    label: variables.AQ_FLEET_CAPS ?? `agent:${name}`,
    async job(body: string, over: Record<string, unknown> = {}): Promise<string> {
      const id = `org/repo#${randomUUID()}`;
      const labels = [variables.AQ_FLEET_CAPS ?? `agent:${name}`];
      const created = await api.post('/tasks', { id, title: 't', body, labels, ...over });
      if (created.status !== 201) throw new Error(`no job: ${created.status}`);
      return id;
    },
  };
}

/** Works until it is told to go on, in a process below another, and would ship. */
export const WORK = {
  AQ_RUN: 'sleep 1000 & echo $! >../pid; touch ../begun; until [ -e ../go ]; do sleep 0.1; done',
  AQ_SHIP: 'touch ../merged',
};

export const begun = (runner: ShellRunner) =>
  waitUntil(() => runner.has('begun'), { what: `the work to begin; ${runner.events()}`, timeoutMs: 60_000 });

export const isGone = (pid: string) => {
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch {
    return true;
  }
};
