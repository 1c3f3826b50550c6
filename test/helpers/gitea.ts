/** A real Gitea on 127.0.0.1, in a directory of its own; the first start on a machine builds it (test/gitea/). */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Api, giteaApi } from 'gitea-js';
import { freePort } from '../../workers/temporal/free-port';
import { giteaConfig } from './gitea-config';
import { waitUntil } from './wait-until';

/** Of the hook that starts one: the first on a machine waits for the build. */
export const GITEA_STARTS_IN_MS = 45 * 60_000;

const BUILD = join(__dirname, '..', 'gitea', 'build.mjs');
const LISTENS_IN_MS = 120_000;
const PASSWORD = 'correct horse battery';

export interface GiteaUser {
  login: string;
  /** With every scope. */
  token: string;
  api: Api<unknown>;
}

export interface GiteaServer {
  /** As the config file has it: with its path, without a slash at its end. */
  url: string;
  /** May do everything. */
  admin: GiteaUser;
  createUser(login: string): Promise<GiteaUser>;
  /** Another token of a user, with these scopes. */
  tokenFor(login: string, scopes: string[]): Promise<string>;
  apiFor(token: string): Api<unknown>;
  /** What it has logged. */
  log(): string;
  /** kill -9; `up` starts it again with all it had. */
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

/** @param path where it is below the root of its host, `/` to have it there */
export async function startGitea(path = '/forge/'): Promise<GiteaServer> {
  const folder = await giteaFolder();
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-gitea-'));
  const port = await freePort();
  const rootUrl = `http://127.0.0.1:${port}${path}`;
  const url = rootUrl.replace(/\/$/, '');
  const program = join(folder, 'gitea');
  const config = join(directory, 'app.ini');
  writeFileSync(config, giteaConfig({ directory, staticRoot: join(folder, 'static'), port, rootUrl }), {
    mode: 0o600,
  });
  let child: ChildProcess | null = null;
  let output = '';

  const log = () => {
    try {
      return output + readFileSync(join(directory, 'log', 'gitea.log'), 'utf8');
    } catch {
      return output;
    }
  };

  async function up(): Promise<void> {
    const started = spawn(program, ['web', '--config', config], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    const listens = () =>
      fetch(`${url}/api/v1/version`).then(
        ({ ok }) => ok,
        () => false,
      );
    const up = await waitUntil(
      async () => (started.exitCode !== null ? 'ended' : (await listens()) && 'up'),
      {
        timeoutMs: LISTENS_IN_MS,
        what: 'Gitea to answer',
      },
    ).catch(String);
    if (up !== 'up') throw new Error(`Gitea did not start (${up}):\n${log().slice(-8_000)}`);
  }

  async function down(): Promise<void> {
    const running = child;
    child = null;
    if (running === null || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('close', resolve));
    running.kill('SIGKILL');
    await ended;
  }

  const apiFor = (token: string) => giteaApi(url, { token });

  async function tokenFor(login: string, scopes: string[]): Promise<string> {
    const basic = Buffer.from(`${login}:${PASSWORD}`).toString('base64');
    const name = `token-${Date.now()}-${Math.random()}`;
    const { data } = await giteaApi(url).users.userCreateToken(
      login,
      { name, scopes },
      {
        headers: { Authorization: `Basic ${basic}` },
      },
    );
    if (data.sha1 === undefined) throw new Error(`no token for ${login}`);
    return data.sha1;
  }

  async function userWith(login: string): Promise<GiteaUser> {
    const token = await tokenFor(login, ['all']);
    return { login, token, api: apiFor(token) };
  }

  async function makeAdmin(): Promise<GiteaUser> {
    const user = ['--username', 'root-admin', '--password', PASSWORD, '--email', 'root-admin@example.org'];
    const flags = [
      'admin',
      'user',
      'create',
      '--config',
      config,
      '--admin',
      '--must-change-password=false',
      ...user,
    ];
    await promisify(execFile)(program, flags, { cwd: directory });
    return userWith('root-admin');
  }

  async function stop(): Promise<void> {
    await down();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }

  try {
    await up();
    const admin = await makeAdmin();
    return {
      url,
      admin,
      tokenFor,
      apiFor,
      log,
      up,
      down,
      stop,
      async createUser(login) {
        await admin.api.admin.adminCreateUser({
          username: login,
          email: `${login}@example.org`,
          password: PASSWORD,
          must_change_password: false,
        });
        return userWith(login);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Where the program is; built when it is not there yet, which takes minutes. */
async function giteaFolder(): Promise<string> {
  const child = spawn(process.execPath, [BUILD], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error('there is no Gitea for the tests; the reason is above');
  return out.trim();
}
