/** What went over the wire between agents and the API, written down by whoever stands between them. */
import type { ProxiedCall } from './lossy-http-proxy';

export interface HandedIn {
  task: string;
  epoch: number;
  completion_id: string;
  status: string;
  /** All that the API has answered to it, lost answers included. */
  answers: Array<{ status: number; quarantine_id: string | null }>;
}

export interface Holding {
  task: string;
  epoch: number;
}

const COMPLETE = /^\/api\/v1\/tasks\/([^/]+)\/complete$/;

export class Ledger {
  /** By task and completion id. */
  readonly handedIn = new Map<string, HandedIn>();
  /** Tasks whose receipt the API has taken. */
  readonly done = new Set<string>();
  private readonly lastGrant = new Map<string, Holding>();
  private readonly epochs = new Map<string, number>();

  asked(call: ProxiedCall): void {
    const task = taskOf(call);
    if (task === null) return;
    const { epoch, completion_id, receipt } = call.body as {
      epoch: number;
      completion_id: string;
      receipt: { status: string };
    };
    const key = `${task} ${completion_id}`;
    if (this.handedIn.has(key)) return;
    this.handedIn.set(key, { task, epoch, completion_id, status: receipt.status, answers: [] });
  }

  answered(call: ProxiedCall, status: number, body: unknown): void {
    if (isGrant(call, status)) {
      const { task, lease } = body as { task: { id: string }; lease: { epoch: number } };
      this.lastGrant.set(call.client, { task: task.id, epoch: lease.epoch });
      this.epochs.set(task.id, Math.max(lease.epoch, this.epochs.get(task.id) ?? 0));
    }
    const task = taskOf(call);
    if (task === null) return;
    const { completion_id } = call.body as { completion_id: string };
    const quarantine_id = (body as { quarantine_id?: string } | null)?.quarantine_id ?? null;
    this.handedIn.get(`${task} ${completion_id}`)?.answers.push({ status, quarantine_id });
    if (status === 200 || status === 202) this.done.add(task);
  }

  /** What this agent is at work on, as far as anybody can tell. */
  holding(agent: string): Holding | null {
    const held = this.lastGrant.get(agent);
    return held === undefined || this.isOver(held) ? null : held;
  }

  /** Somebody else has it, or its receipt was sent. */
  isOver({ task, epoch }: Holding): boolean {
    const sent = [...this.handedIn.values()].some((it) => it.task === task && it.epoch === epoch);
    return sent || (this.epochs.get(task) ?? 0) > epoch;
  }
}

/** Of a call that hands a receipt in. */
export const taskOf = ({ path }: ProxiedCall): string | null => COMPLETE.exec(path)?.[1] ?? null;

export const isGrant = ({ path }: ProxiedCall, status: number): boolean =>
  path === '/api/v1/tasks/dequeue' && status === 200;
