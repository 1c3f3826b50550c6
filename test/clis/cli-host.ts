/** A host with one real CLI on it, whose model is a script. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseOutput } from '../../activities/agent-cli/parsers/parse-output';
import type { ParsedOutput } from '../../activities/agent-cli/parsers/types';
import { Host } from '../../activities/ssh/host';
import { CliProbe } from '../../activities/ssh/probe-clis';
import type { TemplateHealth } from '../../contracts/holder';
import type { RunOutcome, RunRequest, StartedRun } from '../../contracts/run';
import type {
  BuiltInTemplate,
  CliName,
  EnvironmentSettings,
  EnvironmentValue,
} from '../../contracts/template';
import { localHost, PROMPTS } from '../helpers/local-host';

/** Stands for a key: it belongs into the header of a request, and nowhere else. */
export const MODEL_KEY = 'sk-scripted-model-key-0123456789';

/** The outcome, beside what `parseOutput` finds when it is told the time zone of the host. */
export interface Ended extends ParsedOutput {
  outcome: RunOutcome;
  stdout: string;
  stderr: string;
}

export interface CliHostOptions {
  template: BuiltInTemplate;
  cli: CliName;
  /** The directory of the program. */
  bin: string;
  /** Prepares the empty directory for the settings of the program; gives what leads it there and to the model. */
  configure: (settings: string) => EnvironmentSettings;
  hostId?: string;
  /** A template as users write one, with the prompt as an argument; its name is `written`. */
  written: string;
}

export function cliHost({ template, cli, bin, configure, written, hostId = 'local' }: CliHostOptions) {
  const root = mkdtempSync(join(tmpdir(), 'signalbox-host-'));
  const settings = join(root, 'settings');
  const temporary = join(root, 'tmp');
  for (const directory of [settings, temporary]) mkdirSync(directory);
  writeFileSync(join(settings, '.gitconfig'), '[user]\nname = Agent\nemail = agent@example.org\n');
  const given: EnvironmentSettings = {
    HOME: settings,
    TMPDIR: temporary,
    TZ: 'UTC',
    ...configure(settings),
  };
  const hostEnv = { PATH: `${bin}:/usr/local/bin:/usr/bin:/bin` };
  const values = { variable: (name: string) => (name === 'MODEL_KEY' ? MODEL_KEY : null), home: root };
  const host = localHost({
    root,
    hostId,
    hostEnv,
    // As the config file says it: the built-in template, with a key that it only names. The home directory is
    // of the test, too: what the user of the tests has there must not matter.
    templates: { [template]: { env: given }, written: { argv: written, env: given } },
    values,
  });

  const read = async (ref: string) => Buffer.from((await host.blobs.read(ref)) ?? []).toString();

  async function end(request: RunRequest, started: StartedRun): Promise<Ended> {
    const outcome = await host.follow(request, started).outcome;
    const stdout = await read(`output:${request.attempt_id}`);
    const stderr = await read(`output:${request.attempt_id}:err`);
    const parsed = await parseOutput(cli, chunked(stdout), {
      exit_code: outcome.exit_code,
      stderr,
      time_zone: 'UTC',
    });
    return { ...parsed, outcome, stdout, stderr };
  }

  /** What a probe says of the CLI, with the key or without it. */
  async function health(withKey: boolean): Promise<TemplateHealth | undefined> {
    const isKey = (value: EnvironmentValue) => typeof value !== 'string';
    const env = Object.fromEntries(Object.entries(given).filter(([, value]) => withKey || !isKey(value)));
    const probe = new CliProbe(
      new Host({
        hostId: 'probed',
        host: { slots: 1, env: hostEnv },
        templates: { [template]: { env } },
        default_template: template,
        prompts: PROMPTS,
        values,
        transport: host.transport,
        blobs: host.blobs,
        logger: { info: () => undefined, warn: () => undefined },
      }),
    );
    // The first look runs no program.
    await probe.look();
    return (await probe.look())[template];
  }

  return {
    ...host,
    health,
    request: (fields: Partial<RunRequest>) => host.request({ template, ...fields }),
    end,
    /** From its start to its end. */
    async run(fields: Partial<RunRequest>): Promise<Ended> {
      const request = host.request({ template, ...fields });
      return end(request, await host.activities.startRun(request));
    },
  };
}

async function* chunked(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
