import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Client } from 'ssh2';
import { HostConnectError } from './errors';
import { type HostKeyCheck, knownHostsCheck, pinnedCheck } from './host-key-check';
import { type Login, prepareLogin } from './login';
import { openClient, openSocket, rawOf, type Step } from './open-client';
import { type SshHop, type SshTarget, whereOf } from './target';
import { abortable } from './waiting';

/** How long a server may take to close a connection in good order, in milliseconds. */
const GOODBYE_MS = 500;

/** One connection to a host that is logged in, by way of its jump host where it has one. */
export class Connection {
  /** Whether a session was ever open on it. */
  used = false;
  lost = false;
  /** Sessions that were refused, one after the other, though none was open. */
  refusals = 0;
  /** Sessions that are open on it or asked for, in the order of asking. */
  private readonly sessions = new Set<symbol>();
  private readonly watchers = new Set<() => void>();
  private readonly gone: Promise<void>;

  private constructor(
    readonly client: Client,
    private readonly socket: Socket,
    private readonly jump: Client | null,
  ) {
    this.gone = new Promise((resolve) => socket.once('close', () => resolve()));
    client.once('close', () => this.onLoss());
    socket.once('close', () => this.onLoss());
  }

  /** @throws HostConnectError, and the reason of the signal */
  static async open(target: SshTarget, signal: AbortSignal): Promise<Connection> {
    const { jump, keepalive_ms } = target;
    const step: Step = { deadline: Date.now() + target.connect_timeout_ms, signal };
    // All that takes time here comes first: a server does not wait long.
    const means = await meansOf(target);
    const jumpMeans = jump && (await meansOf(jump));
    const socket = await openSocket(jump ?? target, step);
    try {
      const gate =
        jump && jumpMeans && (await openClient(jump, socket, { ...step, ...jumpMeans, keepalive_ms }));
      const stream = gate === null ? socket : await forward(gate, target, step);
      const client = await openClient(target, stream, { ...step, ...means, keepalive_ms });
      return new Connection(client, socket, gate);
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /** What was received so far, in bytes. */
  get bytesRead(): number {
    return this.socket.bytesRead;
  }

  /** Calls once when the connection is gone; at once when it is gone already. Returns how to stop watching. */
  onLost(watcher: () => void): () => void {
    if (this.lost) watcher();
    else this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  askSession(): symbol {
    const session = Symbol();
    this.sessions.add(session);
    return session;
  }

  /** Returns how many there were before it was asked for. */
  endSession(session: symbol): number {
    const before = [...this.sessions].indexOf(session);
    this.sessions.delete(session);
    return before;
  }

  /** For a connection that is of no use any more. */
  drop(): void {
    this.socket.destroy();
    this.onLoss();
  }

  async close(): Promise<void> {
    this.client.end();
    this.jump?.end();
    const timer = setTimeout(() => this.socket.destroy(), GOODBYE_MS);
    await this.gone;
    clearTimeout(timer);
  }

  private onLoss(): void {
    if (this.lost) return;
    this.lost = true;
    for (const watcher of this.watchers) watcher();
    this.watchers.clear();
    // The other of the two: a jump host is of no use without the host, nor the host without it.
    this.socket.destroy();
  }
}

async function meansOf(hop: SshHop): Promise<{ check: HostKeyCheck; login: Login }> {
  return { check: await checkOf(hop), login: await prepareLogin(hop) };
}

/** Read anew each time: the file may have got the line that was missing. */
async function checkOf(hop: SshHop): Promise<HostKeyCheck> {
  const { hostKey } = hop;
  if ('fingerprints' in hostKey) return pinnedCheck(hop, hostKey.fingerprints);
  const text = await readFile(hostKey.file, 'utf8').catch(() => '');
  return knownHostsCheck(hop, hostKey.file, text);
}

function forward(jump: Client, target: SshTarget, { deadline, signal }: Step): Promise<Readable> {
  signal.throwIfAborted();
  const where = `${whereOf(target)} by way of its jump host`;
  const forwarded = new Promise<Readable>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new HostConnectError('connect_timeout', `${where}: no answer in time`)),
      Math.max(1, deadline - Date.now()),
    );
    jump.forwardOut('127.0.0.1', 0, target.address, target.port, (error, channel) => {
      clearTimeout(timer);
      if (error) reject(forwardError(where, rawOf(error).message, 'reason' in error ? error.reason : null));
      else resolve(channel);
    });
  });
  return abortable(forwarded, signal);
}

/** RFC 4254: administratively prohibited. */
const PROHIBITED = 1;

function forwardError(where: string, message: string, reason: unknown): HostConnectError {
  const why = message.replace(/^\(SSH\) Channel open failure: /, '');
  if (/not known|resolve|no such host/i.test(why))
    return new HostConnectError('host_not_found', `${where}: the name does not resolve there (${why})`);
  if (/timed? ?out/i.test(why))
    return new HostConnectError('connect_timeout', `${where}: no answer there (${why})`);
  const hint = reason === PROHIBITED ? 'AllowTcpForwarding is off there' : 'check address and port';
  return new HostConnectError('connection_refused', `${where}: refused (${why}); ${hint}`);
}
