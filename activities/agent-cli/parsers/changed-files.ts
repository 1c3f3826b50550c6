import { wellFormed } from './well-formed';

/** A receipt takes 2000 paths of 1024 characters. */
const FILES_MAX = 2_000;
const PATH_MAX = 1_024;

/** Paths that tools of the agent have written, as the agent names them. */
export class ChangedFiles {
  private readonly done = new Set<string>();
  private readonly proposed = new Map<string, string>();

  add(path: unknown): void {
    if (typeof path !== 'string' || path.trim() === '' || path.length > PATH_MAX) return;
    if (this.done.size < FILES_MAX) this.done.add(wellFormed(path));
  }

  /** A tool call that will say by its id whether it went well. */
  propose(id: unknown, path: unknown): void {
    if (typeof id !== 'string' || typeof path !== 'string' || path.length > PATH_MAX) return;
    if (this.proposed.size < FILES_MAX) this.proposed.set(id, path);
  }

  settle(id: unknown, ok: boolean): void {
    if (typeof id !== 'string') return;
    const path = this.proposed.get(id);
    this.proposed.delete(id);
    if (ok) this.add(path);
  }

  list(): string[] {
    return [...this.done];
  }
}
