import { setMaxListeners } from 'node:events';
import { AbortScope } from '../abort-scope';
import {
  ConnectionLostError,
  type ExecOptions,
  type ExecResult,
  SCRIPT_MAX_BYTES,
  TimeLimitError,
  type Transport,
} from '../transport';
import { ChannelSlots, type ChannelUse } from './channel-slots';
import type { Connection } from './connection';
import { Connector } from './connector';
import { HostConnectError } from './errors';
import { frameOf, SCRIPT_COMMAND, SHELL_COMMAND, SHELL_SCRIPT_MAX_BYTES } from './frame';
import { KeptShell } from './kept-shell';
import { KeptShells, type OpenShell } from './kept-shells';
import { ChannelRefusedError, NotSentError, openChannel } from './open-channel';
import { runScript, type ScriptOptions } from './run-script';
import { SpareSession } from './spare-session';
import { type SshTarget, whereOf } from './target';
import { pause } from './waiting';

/** How often a script is tried whose connection was lost before any of it was sent. */
const TRIES = 3;
/** How often, and how long at first in milliseconds, a server is waited for that has just closed a session. */
const REFUSALS = 5;
const REFUSED_MS = 20;

/**
 * A host over SSH: one connection, kept and renewed; each script in a channel of its own, but for those that come
 * often: they share shells that stay. For those with input, which start runs, a channel is open beforehand.
 */
export class SshTransport implements Transport {
  private readonly slots = new ChannelSlots();
  private readonly closing = new AbortController();
  private readonly connector: Connector;
  private readonly kept: KeptShells;
  private readonly spare: SpareSession;
  private readonly where: string;

  constructor(target: SshTarget) {
    this.where = whereOf(target);
    setMaxListeners(0, this.closing.signal);
    this.connector = new Connector(target, this.closing.signal);
    this.kept = new KeptShells(
      this.openShell,
      () => this.slots.roomy,
      (connection, received, error) => this.dropSilent(connection, received, error),
    );
    this.spare = new SpareSession(async (over) => {
      const { signal } = this.closing;
      const connection = await this.connector.get(false, signal);
      return { connection, channel: await this.openChannel(connection, SCRIPT_COMMAND, signal, over) };
    });
  }

  async exec(script: string, options: ExecOptions = {}): Promise<ExecResult> {
    const bytes = Buffer.byteLength(script);
    if (bytes > SCRIPT_MAX_BYTES)
      throw new RangeError(`a script of ${bytes} bytes; at most ${SCRIPT_MAX_BYTES}`);
    const { timeout_ms } = options;
    const keeps = options.often === true && options.stdin === undefined && bytes <= SHELL_SCRIPT_MAX_BYTES;
    const scope = new AbortScope(
      [this.closing.signal, options.signal],
      timeout_ms === undefined ? undefined : { ms: timeout_ms, reason: () => new TimeLimitError(timeout_ms) },
    );
    let sent = false;
    const scriptOptions: ScriptOptions = {
      ...options,
      signal: scope.signal,
      onSend: () => {
        sent = true;
      },
      signalGroup: this.signalGroup,
    };
    try {
      for (let tries = 1; ; ) {
        scope.signal.throwIfAborted();
        try {
          return keeps && this.slots.roomy
            ? await this.kept.run(script, scriptOptions)
            : await this.execOnce(script, useOf(options), scriptOptions);
        } catch (error) {
          if (error instanceof ChannelRefusedError) continue;
          if (!(error instanceof NotSentError)) throw error;
          tries += 1;
          if (tries > TRIES)
            throw new HostConnectError('connection_refused', `${this.where}: ${error.message}`);
        }
      }
    } catch (error) {
      if (error instanceof TimeLimitError && !sent)
        throw new HostConnectError('connect_timeout', `${this.where}: no session within ${timeout_ms} ms`);
      throw error;
    } finally {
      scope.dispose();
    }
  }

  async close(): Promise<void> {
    this.closing.abort(new ConnectionLostError('the transport is closed'));
    await this.connector.close();
  }

  private async execOnce(script: string, use: ChannelUse, options: ScriptOptions): Promise<ExecResult> {
    const { signal } = options;
    const release = await this.slots.take(use, signal);
    let unwatch = () => {};
    const over = () => {
      unwatch();
      release();
    };
    const hasInput = options.stdin !== undefined;
    const spare = hasInput ? this.spare.take(over) : null;
    let connection: Connection;
    try {
      connection = spare?.connection ?? (await this.connector.get(use === 'urgent', signal));
    } catch (error) {
      release();
      throw error;
    }
    unwatch = connection.onLost(release);
    const frame = frameOf(script, hasInput);
    const received = connection.bytesRead;
    let channel = spare?.channel;
    while (channel === undefined) {
      try {
        channel = await this.openChannel(connection, SCRIPT_COMMAND, signal, over);
      } catch (error) {
        // Who was alone keeps the place: others would take it, and what is urgent would find it taken for ever.
        if (error instanceof ChannelRefusedError) {
          if (error.others === 0 && !connection.lost) continue;
          over();
        }
        throw error;
      }
    }
    try {
      return await runScript(connection, channel, frame, {
        ...options,
        signal,
        signalGroup: this.signalGroup,
      });
    } catch (error) {
      this.dropSilent(connection, received, error);
      throw error;
    } finally {
      if (hasInput && this.slots.roomy) this.spare.prepare();
    }
  }

  private openShell: OpenShell = async (signal, onOver) => {
    const connection = await this.connector.get(false, signal);
    const channel = await this.openChannel(connection, SHELL_COMMAND, signal, () => undefined);
    return new KeptShell(connection, channel, onOver);
  };

  private async openChannel(connection: Connection, command: string, signal: AbortSignal, over: () => void) {
    const received = connection.bytesRead;
    try {
      const channel = await openChannel(connection, command, signal, over);
      this.connector.proved();
      return channel;
    } catch (error) {
      if (error instanceof ChannelRefusedError) {
        await this.refused(connection, error, signal).catch((reason: unknown) => {
          over();
          throw reason;
        });
      }
      this.dropSilent(connection, received, error);
      throw error;
    }
  }

  /** Nothing at all came over the connection while something was waited for until it took too long. */
  private dropSilent(connection: Connection, received: number, error: unknown): void {
    if (error instanceof TimeLimitError && connection.bytesRead === received) connection.drop();
  }

  private signalGroup = (pid: number, name: 'TERM' | 'KILL'): void => {
    // Of a transport that closes nothing more can be sent; what still runs goes on to its end.
    this.exec(`kill -s ${name} -- -${pid} 2>/dev/null`, { urgent: true }).catch(() => undefined);
  };

  /**
   * Makes the next try wait for a channel, or for a new connection.
   * @throws HostConnectError when neither helps, and the reason of the signal
   */
  private async refused(
    connection: Connection,
    { message, others }: ChannelRefusedError,
    signal: AbortSignal,
  ): Promise<void> {
    if (others !== null && others > 0) {
      this.slots.refusedAfter(others);
      this.kept.closeIdle();
      this.spare.close();
      return;
    }
    // Alone, and refused. A session that has just ended still counts there for a moment.
    connection.refusals += 1;
    if (connection.used && others !== null && connection.refusals <= REFUSALS) {
      return pause(REFUSED_MS * connection.refusals, signal);
    }
    // Those of scripts that do not end count for long, but on this connection only.
    const { used } = connection;
    connection.drop();
    if (used && others !== null) return;
    throw new HostConnectError(
      'session_refused',
      `${this.where}: the server lets no session open (${message}); check MaxSessions in sshd_config`,
    );
  }
}

const useOf = ({ urgent, long }: ExecOptions): ChannelUse => (urgent ? 'urgent' : long ? 'long' : 'short');
