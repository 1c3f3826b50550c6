import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { SshHostConfig } from '../../../contracts/config';
import { ConfigError } from '../../../workers/config/config-error';
import { parseConfig } from '../../../workers/config/load-config';
import { sshTarget } from '../../../workers/transports';

const FINGERPRINT = `SHA256:${'a'.repeat(43)}`;

function host(fields: string): SshHostConfig {
  const text = `hosts:\n  box:\n    transport: ssh\n    capabilities: [agent:code]\n    address: box.example\n    user: ada\n${fields}`;
  const parsed = parseConfig(text, 'signalbox.yaml').hosts.box;
  if (parsed?.transport !== 'ssh') throw new Error('not an SSH host');
  return parsed;
}

const environment = (variables: Record<string, string> = {}, home = '/home/me') => ({
  home,
  searchPath: ['/bin'],
  variable: (name: string) => variables[name] ?? null,
});

describe('an SSH host of the config file', () => {
  it('has defaults', () => {
    expect(host('').slots).toBe(4);
    expect(sshTarget(host(''), environment({ SSH_AUTH_SOCK: '/agent' }))).toEqual({
      address: 'box.example',
      port: 22,
      user: 'ada',
      credentials: {
        identity_files: ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => `/home/me/.ssh/${name}`),
        identity_named: false,
        agent: '/agent',
        password: null,
      },
      hostKey: { file: '/home/me/.ssh/known_hosts' },
      jump: null,
      connect_timeout_ms: 10_000,
      keepalive_ms: 15_000,
    });
  });

  it('uses what is named, and nothing else', () => {
    const named = sshTarget(
      host(`    identity_file: ~/.ssh/box\n    host_key_fingerprint: ${FINGERPRINT}\n`),
      environment({ SSH_AUTH_SOCK: '/agent' }),
    );
    expect(named.credentials).toEqual({
      identity_files: ['/home/me/.ssh/box'],
      identity_named: true,
      agent: null,
      password: null,
    });
    expect(named.hostKey).toEqual({ fingerprints: [FINGERPRINT] });
    const agent = (field: string) =>
      sshTarget(host(`    agent: ${field}\n`), environment({ SSH_AUTH_SOCK: '/agent' })).credentials;
    expect(agent('true')).toMatchObject({ agent: '/agent', identity_files: [] });
    expect(agent('~/sock')).toMatchObject({ agent: '/home/me/sock' });
  });

  it('goes by way of a jump host', () => {
    const { jump } = sshTarget(
      host(
        '    jump:\n      address: gate\n      port: 2200\n      user: bob\n      known_hosts: /etc/known\n',
      ),
      environment(),
    );
    expect(jump).toMatchObject({ address: 'gate', port: 2200, user: 'bob', hostKey: { file: '/etc/known' } });
  });

  it('reads a password when it is needed, from a variable or a file', async () => {
    const variables: Record<string, string> = {};
    const byName = sshTarget(host('    password_env: BOX_PASSWORD\n'), environment(variables)).credentials
      .password;
    expect(await byName?.read()).toBeNull();
    variables.BOX_PASSWORD = 'now';
    expect(await byName?.read()).toBe('now');
    const home = mkdtempSync(join(tmpdir(), 'signalbox-home-'));
    const byFile = sshTarget(host('    password_file: ~/password\n'), environment({}, home)).credentials
      .password;
    expect(await byFile?.read()).toBeNull();
    writeFileSync(join(home, 'password'), ' with a blank \n');
    expect(await byFile?.read()).toBe(' with a blank ');
    expect(byFile?.named).toBe(`password_file ${home}/password`);
  });

  it.each([
    ['    address: box:22\n', 'hosts.box.address', 'without a port'],
    ['    password: hunter2\n', 'hosts.box.password', 'unknown key'],
    ['    host_key_fingerprint: MD5:aa\n', 'hosts.box.host_key_fingerprint', 'SHA256:'],
    ['    identity_file: box\n', 'hosts.box.identity_file', 'begins with /'],
    ['    agent: yes please\n', 'hosts.box.agent', 'begins with /'],
    ['    port: 0\n', 'hosts.box.port', '>=1'],
    ['    jump: gate\n', 'hosts.box.jump', 'object'],
    ['    jump: { address: gate }\n', 'hosts.box.jump.user', 'string'],
    ['    work_rot: /w\n', 'hosts.box.work_rot', 'unknown key'],
  ])('%j is refused where it is', (fields, path, expectation) => {
    const text = `hosts:\n  box:\n    transport: ssh\n    capabilities: [a]\n${fields.includes('address: box') ? '' : '    address: box\n'}    user: ada\n${fields}`;
    let message = '';
    try {
      parseConfig(text, 'signalbox.yaml');
    } catch (error) {
      if (error instanceof ConfigError) ({ message } = error);
    }
    expect(message).toContain(path);
    expect(message).toContain(expectation);
    expect(message).not.toContain('hunter2');
  });

  it('needs an address and a user; a host without a transport is local', () => {
    const refuse = (text: string) => () => parseConfig(`hosts:\n  box:\n    capabilities: [a]\n${text}`, 'f');
    expect(refuse('    transport: ssh\n')).toThrow(/hosts\.box\.address.*\n.*hosts\.box\.user/);
    expect(refuse('    address: box\n')).toThrow(/hosts\.box\.address: unknown key/);
  });
});
