import { connect, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { type CipherAlgorithm, Client } from 'ssh2';
import { connectError, type HostConnectError, type RawFailure } from './errors';
import type { HostKeyCheck } from './host-key-check';
import type { Login } from './login';
import { type SshHop, whereOf } from './target';

/** Unanswered signs of life until a connection is given up. */
const KEEPALIVE_COUNT = 3;

/** GCM first: it is done by OpenSSL, without the optional native parts of ssh2. */
const CIPHERS: CipherAlgorithm[] = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'chacha20-poly1305@openssh.com',
  'aes128-ctr',
  'aes256-ctr',
];

export interface Step {
  /** On the clock of Date.now(). */
  deadline: number;
  signal: AbortSignal;
}

/** @throws HostConnectError, and the reason of the signal */
export function openSocket(hop: SshHop, { deadline, signal }: Step): Promise<Socket> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hop.address, port: hop.port, noDelay: true });
    const fail = (error: unknown) => {
      settle();
      socket.destroy();
      reject(error);
    };
    // Also for what comes before the client listens.
    socket.on('error', () => undefined);
    const onAbort = () => fail(signal.reason);
    const onError = (error: Error) => fail(connectError(whereOf(hop), rawOf(error)));
    const timer = setTimeout(
      () => fail(connectError(whereOf(hop), { level: 'client-timeout', message: 'no answer' })),
      Math.max(1, deadline - Date.now()),
    );
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.off('error', onError);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onError);
    socket.once('connect', () => {
      settle();
      resolve(socket);
    });
  });
}

export interface ClientOptions extends Step {
  check: HostKeyCheck;
  login: Login;
  keepalive_ms: number;
}

/**
 * Shakes hands and logs in over a stream that is connected.
 * @throws HostConnectError, and the reason of the signal; the stream is destroyed then
 */
export async function openClient(hop: SshHop, sock: Readable, options: ClientOptions): Promise<Client> {
  const { check, login, signal, deadline, keepalive_ms } = options;
  signal.throwIfAborted();
  if (sock.destroyed) throw connectError(whereOf(hop), { message: 'closed at once' });
  const client = new Client();
  return new Promise((resolve, reject) => {
    let keyProblem: HostConnectError | null = null;
    let settled = false;
    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      signal.removeEventListener('abort', onAbort);
      return true;
    };
    const fail = (error: unknown) => {
      if (!settle()) return;
      sock.destroy();
      reject(error);
    };
    const onAbort = () => fail(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    // Stays for good: an error without a listener would end the process.
    client.on('error', (error) => {
      const raw = rawOf(error);
      if (keyProblem !== null) fail(keyProblem);
      else if (goesOn(raw))
        login.note(raw.level === 'agent' ? 'the agent does not answer' : 'a key cannot sign');
      else if (raw.level === 'client-authentication') fail(login.failure());
      else fail(connectError(whereOf(hop), raw));
    });
    client.once('close', () => fail(connectError(whereOf(hop), { message: 'closed' })));
    client.once('ready', () => {
      if (settle()) resolve(client);
    });
    try {
      client.connect({
        sock,
        username: hop.user,
        readyTimeout: Math.max(1, deadline - Date.now()),
        keepaliveInterval: keepalive_ms,
        keepaliveCountMax: KEEPALIVE_COUNT,
        algorithms: { serverHostKey: check.algorithms, cipher: CIPHERS },
        hostVerifier: (key: Buffer) => {
          keyProblem = check.verify(key);
          return keyProblem === null;
        },
        authHandler: (allowed) => login.next(allowed),
      });
    } catch (error) {
      fail(connectError(whereOf(hop), rawOf(error)));
    }
  });
}

/** After these ssh2 tries the next method by itself. */
const goesOn = ({ level, message }: RawFailure) =>
  level === 'agent' || (level === 'client-authentication' && message.startsWith('Error'));

export function rawOf(error: unknown): RawFailure {
  if (typeof error !== 'object' || error === null) return { message: String(error) };
  const { level, code, message } = error as { level?: unknown; code?: unknown; message?: unknown };
  return {
    level: typeof level === 'string' ? level : undefined,
    code: typeof code === 'string' || typeof code === 'number' ? code : undefined,
    message: typeof message === 'string' ? message : 'unknown',
  };
}
