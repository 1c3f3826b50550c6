import type { ClientChannel } from 'ssh2';
import type { Connection } from './connection';

export interface Session {
  connection: Connection;
  channel: ClientChannel;
}

interface Spare {
  /** null while it is being opened. */
  session: Session | null;
  onOver: () => void;
}

/**
 * A session that is open before there is a script for it: to open one takes longer than most scripts, because of all
 * that the server and the login shell of the user do first.
 */
export class SpareSession {
  private spare: Spare | null = null;

  /** @param open calls back once when the session has ended; not for a connection that is lost */
  constructor(private readonly open: (over: () => void) => Promise<Session>) {}

  /** Opens one in the background, unless there is one. That it cannot be had now is nobody's failure. */
  prepare(): void {
    if (this.spare !== null && this.spare.session?.connection.lost !== true) return;
    const spare: Spare = {
      session: null,
      onOver: () => {
        if (this.spare === spare) this.spare = null;
      },
    };
    this.spare = spare;
    this.open(() => spare.onOver()).then(
      (session) => {
        spare.session = session;
      },
      () => spare.onOver(),
    );
  }

  /** @param over called once when the session has ended; not for a connection that is lost */
  take(over: () => void): Session | null {
    const { spare } = this;
    if (!spare?.session || spare.session.connection.lost) return null;
    this.spare = null;
    spare.onOver = over;
    return spare.session;
  }

  close(): void {
    this.spare?.session?.channel.close();
  }
}
