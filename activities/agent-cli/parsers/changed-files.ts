import { wellFormed } from './well-formed';

/** A receipt takes 2000 paths of 1024 characters. */
const FILES_MAX = 2_000;
const PATH_MAX = 1_024;

/** Of a tool call. */
const ID_MAX = 200;

/** Paths that tools of the agent have written, as the agent names them. In constant memory. */
export class ChangedFiles {
  private readonly done = new Set<string>();
  private readonly proposed = new Map<string, string[]>();
  private waiting = 0;

  add(path: unknown): void {
    if (typeof path !== 'string' || path.trim() === '' || path.length > PATH_MAX) return;
    if (this.done.size < FILES_MAX) this.done.add(wellFormed(path));
  }

  /** A tool call, of one path or several, that will say by its id whether it went well. */
  propose(id: unknown, path: unknown): void {
    if (typeof id !== 'string' || id.length > ID_MAX) return;
    if (typeof path !== 'string' || path.length > PATH_MAX || this.waiting >= FILES_MAX) return;
    this.proposed.set(id, [...(this.proposed.get(id) ?? []), path]);
    this.waiting++;
  }

  settle(id: unknown, ok: boolean): void {
    if (typeof id !== 'string') return;
    const paths = this.proposed.get(id) ?? [];
    this.proposed.delete(id);
    this.waiting -= paths.length;
    if (ok) for (const path of paths) this.add(path);
  }

  list(): string[] {
    return [...this.done];
  }
}
