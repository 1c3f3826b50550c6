import { createServer, type Server, Socket } from 'node:net';

export interface TcpProxy {
  port: number;
  /** Connections that are open now. */
  open(): number;
  /** Connections so far. */
  accepted(): number;
  /** Bytes that came from the server and were passed on. */
  received(): number;
  /** Ends every connection at once, as a router does that forgets them. */
  cut(): void;
  /** Passes nothing on any more, one way or both; new connections are taken and stay silent. */
  freeze(direction?: Direction | 'both'): void;
  thaw(): void;
  /** Passes on so many bytes from the server a second; null: as fast as it goes. */
  slow(bytesPerSecond: number | null): void;
  close(): Promise<void>;
}

/** `up`: to the server. `down`: from it. */
export type Direction = 'up' | 'down';

/** A network between a test and a server of 127.0.0.1 that can fail. */
export async function tcpProxy(targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  const state: State = { frozen: new Set(), rate: null, received: 0, credit: 0 };
  let accepted = 0;
  const server = createServer({ noDelay: true }, (client) => {
    accepted += 1;
    const pair = new Pair(client, targetPort, state, () => pairs.delete(pair));
    pairs.add(pair);
  });
  const flow = () => {
    for (const pair of pairs) pair.flow();
  };
  const TICK_MS = 20;
  const timer = setInterval(() => {
    if (state.rate === null) return;
    state.credit = (state.rate * TICK_MS) / 1000;
    flow();
  }, TICK_MS);
  const port = await listen(server);
  return {
    port,
    open: () => pairs.size,
    accepted: () => accepted,
    received: () => state.received,
    cut() {
      for (const pair of pairs) pair.reset();
    },
    freeze(direction = 'both') {
      for (const way of ['up', 'down'] as const) {
        if (direction === way || direction === 'both') state.frozen.add(way);
      }
    },
    thaw() {
      state.frozen.clear();
      flow();
    },
    slow(bytesPerSecond) {
      state.rate = bytesPerSecond;
      flow();
    },
    async close() {
      clearInterval(timer);
      for (const pair of pairs) pair.reset();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface State {
  frozen: Set<Direction>;
  rate: number | null;
  /** Bytes that may still be passed on in this tick. */
  credit: number;
  received: number;
}

class Pair {
  private readonly server: Socket;

  constructor(
    private readonly client: Socket,
    port: number,
    private readonly state: State,
    onClosed: () => void,
  ) {
    this.server = new Socket();
    this.server.connect({ host: '127.0.0.1', port, noDelay: true });
    for (const [from, to] of [
      [client, this.server],
      [this.server, client],
    ] as const) {
      from.on('readable', () => this.flow());
      to.on('drain', () => this.flow());
      from.on('error', () => undefined);
      from.on('end', () => !this.state.frozen.has(from === client ? 'up' : 'down') && to.end());
      from.on('close', () => {
        if (this.state.frozen.size === 0) to.destroy();
        if (client.destroyed && this.server.destroyed) onClosed();
      });
    }
  }

  flow(): void {
    this.pass('up', this.client, this.server);
    this.pass('down', this.server, this.client);
  }

  reset(): void {
    this.client.resetAndDestroy();
    this.server.resetAndDestroy();
  }

  private pass(way: Direction, from: Socket, to: Socket): void {
    const { state } = this;
    while (!state.frozen.has(way) && !to.writableNeedDrain && from.readableLength > 0) {
      const limited = way === 'down' && state.rate !== null;
      const most = limited ? Math.min(Math.floor(state.credit), from.readableLength) : from.readableLength;
      if (most < 1) return;
      const chunk: Buffer | null = from.read(most);
      if (chunk === null) return;
      if (limited) state.credit -= chunk.length;
      if (way === 'down') state.received += chunk.length;
      to.write(chunk);
    }
    // Lets the end of a stream be seen, which comes only once all was read.
    if (!state.frozen.has(way)) from.read(0);
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
    });
  });
}
