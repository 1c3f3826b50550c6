/** Who is let in, which server is trusted, and what an operator is told otherwise. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { knownHostsLine } from '../../activities/ssh/remote/host-key';
import { SshTransport } from '../../activities/ssh/remote/ssh-transport';
import type { SshTarget } from '../../activities/ssh/remote/target';
import { freePort } from '../../workers/temporal/free-port';
import { makeKey, newIdentity, type Sshd, type SshdOptions, startSshd } from '../helpers/sshd';
import { waitUntil } from '../helpers/wait-until';

let sshd: Sshd;
beforeAll(async () => {
  sshd = await startSshd({ hostKeys: ['ed25519', 'rsa', 'ecdsa'] });
});
afterAll(() => sshd.stop());

/** What a test has opened, closed again even when it fails. */
const opened: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

const anotherSshd = async (options?: SshdOptions) => {
  const another = await startSshd(options);
  opened.push(() => another.stop());
  return another;
};

/** A server that is no sshd. */
async function serve(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  opened.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const reach = (changes: Partial<SshTarget> = {}, server = sshd) => {
  const transport = new SshTransport(server.target(changes));
  opened.push(() => transport.close());
  return transport;
};

/** The error of a script that cannot be run. */
async function refusal(
  changes: Partial<SshTarget>,
  server = sshd,
): Promise<{ code: string; message: string }> {
  try {
    await reach(changes, server).exec('true');
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('it was let in');
}

const works = async (changes: Partial<SshTarget>, server = sshd) =>
  expect((await reach(changes, server).exec('echo in')).stdout.toString()).toBe('in\n');

const file = (name: string, text: string) => {
  const path = join(sshd.directory, name);
  writeFileSync(path, text);
  return path;
};

const keyOf = (type: string) => {
  const key = sshd.hostKeys.find((one) => one.type.includes(type));
  if (key === undefined) throw new Error(`no key of type ${type}`);
  return key;
};
const line = (type: string) => knownHostsLine('127.0.0.1', sshd.port, keyOf(type).blob);
const trusting = (text: string, name = 'known') => ({ hostKey: { file: file(name, text) } });

describe('the key of the server', () => {
  it.each(['ed25519', 'rsa', 'ecdsa'])('is negotiated for what known_hosts has: %s', async (type) => {
    await works(trusting(`# a comment\n${line(type)}\n`));
  });

  it('is found where ssh-keygen has hashed the names', async () => {
    const known = file(
      'hashed',
      `other.example ${line('ed25519').split(' ').slice(1).join(' ')}\n${line('rsa')}\n`,
    );
    execFileSync('ssh-keygen', ['-q', '-H', '-f', known], { stdio: 'ignore' });
    expect(readFileSync(known, 'utf8')).not.toContain('127.0.0.1');
    await works({ hostKey: { file: known } });
  });

  it('is taken by its fingerprint alone', async () => {
    const fingerprints = [keyOf('ed25519').fingerprint];
    await works({ hostKey: { fingerprints } });
    const printed = execFileSync('ssh-keygen', ['-lf', `${keyOf('ed25519').file}.pub`], { encoding: 'utf8' });
    expect(printed).toContain(fingerprints[0]);
  });

  it('that nobody knows is refused with its fingerprint and the line to add, which then is enough', async () => {
    const known = file('unknown', '');
    const { code, message } = await refusal({ hostKey: { file: known } });
    expect(code).toBe('host_key_unknown');
    expect(message).toContain(keyOf('ed25519').fingerprint);
    const [, offered = ''] = /add this line: (.*)$/.exec(message) ?? [];
    expect(offered).toBe(line('ed25519'));
    writeFileSync(known, `${offered}\n`);
    await works({ hostKey: { file: known } });
  });

  it('of a host without a known_hosts file at all is unknown', async () => {
    const nowhere = join(sshd.directory, 'nowhere');
    expect(await refusal({ hostKey: { file: nowhere } })).toMatchObject({ code: 'host_key_unknown' });
    expect(existsSync(nowhere)).toBe(false);
  });

  it('that has changed is refused', async () => {
    const other = makeKey(sshd.directory, 'ed25519', 'other');
    const { code, message } = await refusal(trusting(knownHostsLine('127.0.0.1', sshd.port, other.blob)));
    expect(code).toBe('host_key_mismatch');
    expect(message).toContain(keyOf('ed25519').fingerprint);
    expect(message).toContain(`line 1: ssh-ed25519 ${other.fingerprint}`);
    expect(message).toContain(line('ed25519'));
    expect(await refusal({ hostKey: { fingerprints: [other.fingerprint] } })).toMatchObject({
      code: 'host_key_mismatch',
      message: expect.stringContaining(keyOf('ed25519').fingerprint),
    });
  });

  it('of another type than the known one is a change too', async () => {
    const only = await anotherSshd({ hostKeys: ['ed25519'] });
    const known = file('rsa-only', knownHostsLine('127.0.0.1', only.port, keyOf('rsa').blob));
    expect(await refusal({ hostKey: { file: known } }, only)).toMatchObject({ code: 'host_key_mismatch' });
  });

  it('that is revoked is refused, whatever else is there', async () => {
    expect(
      await refusal(
        trusting(`${line('ed25519')}\n@revoked * ${line('ed25519').split(' ').slice(1).join(' ')}\n`),
      ),
    ).toMatchObject({ code: 'host_key_mismatch', message: expect.stringContaining('line 2') });
  });
});

describe('the login', () => {
  const SENTINEL = 'sentinel-3f9c';

  const credentials = (changes: Partial<SshTarget['credentials']>) => ({
    credentials: { identity_files: [], identity_named: true, agent: null, password: null, ...changes },
  });

  it('with a key that the server does not take is refused, and says which it was', async () => {
    const stranger = newIdentity(sshd.directory, 'stranger');
    const { code, message } = await refusal(credentials({ identity_files: [stranger] }));
    expect(code).toBe('auth_failed');
    const printed = execFileSync('ssh-keygen', ['-lf', `${stranger}.pub`], { encoding: 'utf8' }).split(
      ' ',
    )[1];
    expect(message).toContain(printed);
    expect(message).toContain('authorized_keys');
  });

  it('is not tried again at once after it was refused', async () => {
    const stranger = newIdentity(sshd.directory, 'stranger2');
    const transport = reach(credentials({ identity_files: [stranger] }));
    const count = () =>
      sshd
        .log()
        .split('\n')
        .filter((text) => /^Connection (closed|reset)/.test(text)).length;
    await expect(transport.exec('true')).rejects.toMatchObject({ code: 'auth_failed' });
    await waitUntil(() => count() > 0, { what: 'the log' });
    const before = count();
    for (let i = 0; i < 5; i += 1)
      await expect(transport.exec('true', { urgent: true })).rejects.toMatchObject({ code: 'auth_failed' });
    expect(count()).toBe(before);
  });

  it.each([
    ['is not there', () => join(sshd.directory, 'nowhere'), 'ENOENT'],
    ['has a passphrase', () => newIdentity(sshd.directory, 'locked', SENTINEL), 'ssh-add'],
    ['is no key', () => file('rubbish', `${SENTINEL}\n`), 'no private key'],
    ['is a public key', () => `${sshd.identity}.pub`, 'public key'],
  ])('with a key file that %s says so', async (_, path, words) => {
    const { code, message } = await refusal(credentials({ identity_files: [path()] }));
    expect(code).toBe('auth_failed');
    expect(message).toContain(words);
    expect(message).not.toContain(SENTINEL);
  });

  it('passes over default keys that are not there', async () => {
    const identity_files = [join(sshd.directory, 'nowhere'), sshd.identity];
    await works(credentials({ identity_files, identity_named: false }));
  });

  it('works with a key that an agent holds', async () => {
    const socket = join(sshd.directory, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    try {
      await waitUntil(() => existsSync(socket), { what: 'the agent' });
      expect(await refusal(credentials({ agent: socket }))).toMatchObject({ code: 'auth_failed' });
      execFileSync('ssh-add', [sshd.identity], {
        env: { ...process.env, SSH_AUTH_SOCK: socket },
        stdio: 'ignore',
      });
      await works(credentials({ agent: socket }));
    } finally {
      agent.kill();
      await new Promise((resolve) => agent.once('close', resolve));
    }
  });

  it('an agent that is not there is said to be it; what comes after it is tried', async () => {
    const agent = join(sshd.directory, 'no-agent');
    const { message } = await refusal(credentials({ agent }));
    expect(message).toContain('the agent does not answer');
    await works(credentials({ agent, identity_files: [sshd.identity] }));
  });

  it('is named when there is nothing to log in with', async () => {
    expect((await refusal(credentials({}))).message).toContain('nothing to log in with');
  });
});

describe('a host that cannot be reached', () => {
  it('refuses', async () => {
    expect(await refusal({ port: await freePort() })).toMatchObject({
      code: 'connection_refused',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('has no address', async () => {
    expect(await refusal({ address: 'no-such-host.invalid' })).toMatchObject({ code: 'host_not_found' });
  });

  it.each([
    ['says nothing', (): string => ''],
    ['says what is no SSH', (): string => 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ])('takes connections but %s', async (_, greeting) => {
    const port = await serve((socket) => socket.write(greeting()));
    const began = Date.now();
    const { code } = await refusal({ port, connect_timeout_ms: 500 });
    expect(['connect_timeout', 'connection_refused']).toContain(code);
    expect(Date.now() - began).toBeLessThan(5_000);
  });

  it('closes at once', async () => {
    const port = await serve((socket) => socket.destroy());
    expect(await refusal({ port })).toMatchObject({ code: 'connection_refused' });
  });

  it('has no algorithm in common with us', async () => {
    const old = await anotherSshd({ config: ['Ciphers aes128-cbc'] });
    expect(await refusal({}, old)).toMatchObject({ code: 'handshake_failed' });
  });

  it('is tried again with pauses that grow, and reached once it is there', async () => {
    const other = await anotherSshd();
    const transport = reach({}, other);
    await other.kill9();
    const began = Date.now();
    let tries = 0;
    while (Date.now() - began < 2_000) {
      await expect(transport.exec('true')).rejects.toMatchObject({ code: 'connection_refused' });
      tries += 1;
    }
    expect(tries).toBeGreaterThanOrEqual(3);
    expect(tries).toBeLessThanOrEqual(7);
    await other.start();
    // Urgent does not wait for the pause to end.
    expect((await transport.exec('echo up', { urgent: true })).stdout.toString()).toBe('up\n');
  });
});

describe('a jump host', () => {
  const jumpTo = (changes: Partial<SshTarget>, jump = sshd) => ({ jump: { ...jump.target(), ...changes } });

  it('is passed through', async () => {
    const inner = await anotherSshd();
    const transport = reach(jumpTo({}), inner);
    expect(
      (await transport.exec('cat', { stdin: Buffer.alloc(3_000_000), max_bytes: 4_000_000 })).stdout.length,
    ).toBe(3_000_000);
    expect(sshd.connections().length).toBeGreaterThan(0);
  });

  it('is verified as well, and the host behind it too', async () => {
    const inner = await anotherSshd();
    const empty = { file: file('empty', '') };
    expect((await refusal(jumpTo({ hostKey: empty }), inner)).message).toContain(
      `127.0.0.1:${sshd.port} showed`,
    );
    expect((await refusal({ ...jumpTo({}), hostKey: empty }, inner)).message).toContain(
      `127.0.0.1:${inner.port} showed`,
    );
  });

  it('that does not reach the host says why', async () => {
    expect(await refusal({ ...jumpTo({}), port: await freePort() })).toMatchObject({
      code: 'connection_refused',
      message: expect.stringContaining('by way of its jump host'),
    });
  });

  it('that forbids it says so', async () => {
    const closed = await anotherSshd({ config: ['AllowTcpForwarding no'] });
    expect(await refusal(jumpTo({}, closed))).toMatchObject({
      code: 'connection_refused',
      message: expect.stringContaining('AllowTcpForwarding'),
    });
  });

  it('that is lost loses the connection, and both are made anew', async () => {
    const inner = await anotherSshd();
    const outer = await anotherSshd();
    const transport = reach(jumpTo({}, outer), inner);
    await transport.exec('true');
    const begun = join(inner.directory, 'begun');
    const running = transport.exec(`: > ${begun}; sleep 5`);
    running.catch(() => undefined);
    await waitUntil(() => existsSync(begun), { what: 'the script to run' });
    await outer.kill9();
    await expect(running).rejects.toMatchObject({ code: 'connection_lost' });
    await outer.start();
    expect((await transport.exec('echo again', { urgent: true })).stdout.toString()).toBe('again\n');
  });
});

it('a session that the server does not allow is said to be it', async () => {
  const none = await anotherSshd({ config: ['MaxSessions 0'] });
  expect(await refusal({}, none)).toMatchObject({
    code: 'session_refused',
    message: expect.stringContaining('MaxSessions'),
  });
});

it('a forced command is said to be it', async () => {
  const forced = await anotherSshd({ config: ['ForceCommand echo only this'] });
  const owned = join(forced.directory, 'owned');
  await expect(reach({}, forced).exec(`touch ${owned}`)).rejects.toMatchObject({ code: 'shell_unusable' });
  expect(existsSync(owned)).toBe(false);
});
