import { BackOff } from './back-off';
import { Connection } from './connection';
import { HostConnectError } from './errors';
import type { SshTarget } from './target';
import { abortable, pause } from './waiting';

/** Keeps the one connection to a host: opened when it is first needed, and again after it was lost. */
export class Connector {
  private connection: Connection | null = null;
  private opening: Promise<Connection> | null = null;
  private lastError: HostConnectError | null = null;
  private readonly backOff = new BackOff();

  constructor(
    private readonly target: SshTarget,
    /** Ends every attempt. */
    private readonly closing: AbortSignal,
  ) {}

  /**
   * The connection. After failures it waits before it tries again, unless it is urgent; where only somebody's work
   * can help, it says so again meanwhile.
   * @throws HostConnectError, and the reason of the signal
   */
  async get(urgent: boolean, signal: AbortSignal): Promise<Connection> {
    if (this.connection !== null && !this.connection.lost) return this.connection;
    if (this.opening === null && this.backOff.pause_ms > 0) {
      if (this.lastError?.final) throw this.lastError;
      if (!urgent) await pause(this.backOff.pause_ms, signal);
    }
    if (this.connection !== null && !this.connection.lost) return this.connection;
    this.opening ??= this.open();
    return abortable(this.opening, signal);
  }

  /** A session was opened: it is a connection that works. */
  proved(): void {
    this.backOff.succeeded();
  }

  async close(): Promise<void> {
    await this.opening?.catch(() => undefined);
    await this.connection?.close();
  }

  private async open(): Promise<Connection> {
    try {
      const connection = await Connection.open(this.target, this.closing);
      this.connection = connection;
      // One that is lost before it was of use counts as a failure.
      connection.onLost(() => {
        if (!connection.used) this.failed(null);
      });
      return connection;
    } catch (error) {
      this.failed(error instanceof HostConnectError ? error : null);
      throw error;
    } finally {
      this.opening = null;
    }
  }

  private failed(error: HostConnectError | null): void {
    this.lastError = error;
    this.backOff.failed(error?.final ?? false);
  }
}
