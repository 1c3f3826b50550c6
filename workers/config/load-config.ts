import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { type Config, configSchema } from '../../contracts/config';
import { hasCode } from '../error-code';
import { ConfigError, locateIssues } from './config-error';
import { forgeIssues } from './forge-issues';
import { templateIssues } from './template-issues';

const DEFAULT_FILE = 'signalbox.yaml';
/** How many cores a host has is not known before it is reached. */
const SSH_SLOTS = 4;

/**
 * Loads the config file: the one named, else ./signalbox.yaml, else the defaults.
 * @throws ConfigError that says where each problem is, what came and what was expected
 */
export function loadConfig(configPath: string | null, workingDir = process.cwd()): Config {
  const file = resolve(workingDir, configPath ?? DEFAULT_FILE);
  const text = readText(file, configPath !== null);
  return text === null ? defaultConfig() : parseConfig(text, configPath ?? DEFAULT_FILE);
}

/** The one host of a system without a config file: this machine, as many runs as cores. */
export function defaultConfig(): Config {
  return withSlots(configSchema.parse({ hosts: { local: { capabilities: ['agent:code'] } } }));
}

export function parseConfig(text: string, file: string): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new ConfigError(
      file,
      document.errors.map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return { line, column: col, path: '', message: `not valid YAML: ${error.message}` };
      }),
    );
  }
  // A file of comments only means: no settings.
  const parsed = configSchema.safeParse(document.toJS() ?? {});
  if (!parsed.success)
    throw new ConfigError(file, locateIssues(parsed.error.issues, document.contents, lines));
  const templates = templateIssues(parsed.data);
  // What names a template is looked at when all of them are well.
  const issues = templates.length > 0 ? templates : forgeIssues(parsed.data);
  if (issues.length > 0) throw new ConfigError(file, locateIssues(issues, document.contents, lines));
  return withSlots(parsed.data);
}

function withSlots(config: Config): Config {
  const hosts = Object.entries(config.hosts).map(([id, host]) => [
    id,
    { ...host, slots: host.slots ?? (host.transport === 'ssh' ? SSH_SLOTS : availableParallelism()) },
  ]);
  return { ...config, hosts: Object.fromEntries(hosts) };
}

function readText(file: string, required: boolean): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (!required && hasCode(error, 'ENOENT')) return null;
    const reason = hasCode(error, 'ENOENT') ? 'there is no such file' : String(error);
    throw new ConfigError(file, [{ line: 1, column: 1, path: '', message: `cannot be read: ${reason}` }]);
  }
}
