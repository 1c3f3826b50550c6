import type { ExecResult } from '../transport';
import type { Connection } from './connection';
import type { KeptShell } from './kept-shell';
import type { ScriptOptions } from './run-script';

/** One is enough for many quick looks; the second is for when one of them brings a lot. */
const MOST = 2;

export type OpenShell = (signal: AbortSignal, onOver: (shell: KeptShell) => void) => Promise<KeptShell>;

interface Waiter {
  go: () => void;
}

/** The shells that stay open on a host, opened when they are needed; scripts wait for them in order. */
export class KeptShells {
  private readonly shells = new Set<KeptShell>();
  private readonly idle: KeptShell[] = [];
  private opening = 0;
  private waiting: Waiter[] = [];

  constructor(
    private readonly open: OpenShell,
    /** Whether there is room for shells that stay. */
    private readonly mayStay: () => boolean,
    /** Told of each error of a script, with the bytes that its connection had received before. */
    private readonly failed: (connection: Connection, received: number, error: unknown) => void,
  ) {}

  async run(script: string, options: ScriptOptions): Promise<ExecResult> {
    const shell = await this.take(options.signal);
    const received = shell.connection.bytesRead;
    try {
      return await shell.run(script, options);
    } catch (error) {
      this.failed(shell.connection, received, error);
      throw error;
    } finally {
      if (!this.mayStay()) shell.close();
      else if (!shell.over) this.idle.push(shell);
      this.next();
    }
  }

  /** Gives up those that do nothing just now. */
  closeIdle(): void {
    for (const shell of this.idle.splice(0)) shell.close();
  }

  private async take(signal: AbortSignal): Promise<KeptShell> {
    for (;;) {
      signal.throwIfAborted();
      const shell = this.idle.pop();
      if (shell !== undefined) {
        if (!shell.over) return shell;
      } else if (this.shells.size + this.opening < MOST) return this.opened(signal);
      else await this.turn(signal);
    }
  }

  private async opened(signal: AbortSignal): Promise<KeptShell> {
    this.opening += 1;
    try {
      const shell = await this.open(signal, (over) => {
        this.shells.delete(over);
        this.next();
      });
      if (!shell.over) this.shells.add(shell);
      return shell;
    } catch (error) {
      this.next();
      throw error;
    } finally {
      this.opening -= 1;
    }
  }

  private turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.waiting = this.waiting.filter((other) => other !== waiter);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        go: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.waiting.push(waiter);
    });
  }

  private next(): void {
    this.waiting.shift()?.go();
  }
}
