/** Makes what reaches a host from its part of the config file. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostEnvironment } from '../activities/ssh/host-environment';
import { LocalTransport } from '../activities/ssh/local-transport';
import { SshTransport } from '../activities/ssh/remote/ssh-transport';
import type { Credentials, PasswordSource, SshHop, SshTarget } from '../activities/ssh/remote/target';
import type { Transport } from '../activities/ssh/transport';
import type { HostConfig, SshHostConfig } from '../contracts/config';
import type { SshHopConfig } from '../contracts/ssh';
import type { Environment } from './config/environment';

type Surroundings = Pick<Environment, 'home' | 'searchPath' | 'variable'>;

/** What ssh tries where nothing is named. */
const DEFAULT_IDENTITIES = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** Opens nothing yet; the caller closes it. */
export function createTransport(host: HostConfig, environment: Surroundings): Transport {
  if (host.transport === 'ssh') return new SshTransport(sshTarget(host, environment));
  const { home, searchPath } = environment;
  return new LocalTransport({ env: hostEnvironment({ HOME: home, PATH: searchPath.join(':') }) });
}

export function sshTarget(host: SshHostConfig, environment: Surroundings): SshTarget {
  return {
    ...hopOf(host, environment),
    jump: host.jump === undefined ? null : hopOf(host.jump, environment),
    connect_timeout_ms: host.connect_timeout_ms,
    keepalive_ms: host.keepalive_ms,
  };
}

function hopOf(hop: SshHopConfig, environment: Surroundings): SshHop {
  const pinned = hop.host_key_fingerprint;
  return {
    address: hop.address,
    port: hop.port,
    user: hop.user,
    credentials: credentialsOf(hop, environment),
    hostKey:
      pinned === undefined
        ? { file: expand(hop.known_hosts, environment.home) }
        : { fingerprints: [pinned].flat() },
  };
}

function credentialsOf(hop: SshHopConfig, environment: Surroundings): Credentials {
  const socket = environment.variable('SSH_AUTH_SOCK');
  const password = passwordOf(hop, environment);
  const named = hop.identity_file !== undefined || hop.agent !== undefined || password !== null;
  if (!named) {
    const identity_files = DEFAULT_IDENTITIES.map((name) => join(environment.home, '.ssh', name));
    return { identity_files, identity_named: false, agent: socket, password: null };
  }
  return {
    identity_files: hop.identity_file === undefined ? [] : [expand(hop.identity_file, environment.home)],
    identity_named: true,
    agent: hop.agent === true ? socket : hop.agent === undefined ? null : expand(hop.agent, environment.home),
    password,
  };
}

/** Read when it is needed, so that one that was changed is used by the next connection. */
function passwordOf(hop: SshHopConfig, environment: Surroundings): PasswordSource | null {
  if (hop.password_file !== undefined) {
    const file = expand(hop.password_file, environment.home);
    return {
      named: `password_file ${file}`,
      read: () =>
        readFile(file, 'utf8').then(
          (text) => text.replace(/\r?\n$/, ''),
          () => null,
        ),
    };
  }
  const name = hop.password_env;
  if (name === undefined) return null;
  return { named: `password_env ${name}`, read: () => Promise.resolve(environment.variable(name)) };
}

const expand = (path: string, home: string) => path.replace(/^~(?=\/)/, home);
