import type { Checkpoint, Receipt } from '../contracts/receipt';
import type { Answer, Http } from './http-client';
import type { Lease } from './wire';

/** Most milliseconds for an answer that nobody waits with. */
const ANSWER_MS = 15_000;
/** More than the server waits itself. */
const POLL_SLACK_MS = 15_000;

export interface DequeueRequest {
  capabilities: string[];
  wait_ms: number;
  lease_s?: number | undefined;
  request_id: string;
  /** The answer to this request_id was lost. */
  retry: boolean;
}

export interface Registration {
  capabilities: string[];
  slots: number;
  version?: string | undefined;
}

/** The calls of the pull protocol (docs/agents.md), each with a limit of time. All reject with `UnreachableError`. */
export class TaskApi {
  constructor(
    private readonly http: Http,
    private readonly token: string,
    readonly agentId: string,
  ) {}

  register(registration: Registration, signal: AbortSignal): Promise<Answer> {
    return this.own('/agents', { agent_id: this.agentId, ...registration }, ANSWER_MS, signal);
  }

  /** @param load share of the slots that are taken, 0 to 1 */
  present(load: number, signal: AbortSignal): Promise<Answer> {
    const path = `/agents/${encodeURIComponent(this.agentId)}/heartbeat`;
    return this.own(path, { health: 'ok', load }, ANSWER_MS, signal);
  }

  dequeue(request: DequeueRequest, signal: AbortSignal): Promise<Answer> {
    const timeout_ms = request.wait_ms + POLL_SLACK_MS;
    return this.own('/tasks/dequeue', { agent_id: this.agentId, ...request }, timeout_ms, signal);
  }

  /** The lease of a task speaks for the rest; the token of the agent only where the server gave it none. */
  lease(taskId: string, lease: Lease): LeaseApi {
    const base = `/tasks/${encodeURIComponent(taskId)}`;
    const token = lease.token ?? this.token;
    const { epoch } = lease;
    const call = (path: string, body: unknown, timeout_ms: number, signal?: AbortSignal) =>
      this.http({ path: `${base}/${path}`, token, body, timeout_ms, ...(signal && { signal }) });
    return {
      renew: (checkpoint, timeout_ms) =>
        call('heartbeat', { epoch, ...(checkpoint && { checkpoint }) }, timeout_ms),
      appendLog: (offset, chunk, signal) =>
        call(`logs?offset=${offset}&epoch=${epoch}`, chunk, ANSWER_MS, signal),
      complete: (receipt, completion_id) => call('complete', { epoch, receipt, completion_id }, ANSWER_MS),
      release: (checkpoint, message_id) =>
        call('release', { epoch, ...(checkpoint && { checkpoint }), message_id }, ANSWER_MS),
    };
  }

  private own(path: string, body: unknown, timeout_ms: number, signal: AbortSignal): Promise<Answer> {
    return this.http({ path, token: this.token, body, timeout_ms, signal });
  }
}

/** What may be said about one attempt. */
export interface LeaseApi {
  renew(checkpoint: Checkpoint | null, timeout_ms: number): Promise<Answer>;
  appendLog(offset: number, chunk: Uint8Array, signal: AbortSignal): Promise<Answer>;
  complete(receipt: Receipt, completion_id: string): Promise<Answer>;
  release(checkpoint: Checkpoint | null, message_id: string): Promise<Answer>;
}
