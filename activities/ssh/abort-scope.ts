/**
 * A signal that is aborted with any of these, or after a time. Unlike `AbortSignal.any` it lets go of them when
 * disposed of: the signals of a transport outlive many thousand scripts.
 */
export class AbortScope {
  private readonly controller = new AbortController();
  private readonly undo: Array<() => void> = [];

  constructor(
    sources: ReadonlyArray<AbortSignal | undefined>,
    timeout?: { ms: number; reason: () => unknown },
  ) {
    for (const source of sources) {
      if (source === undefined) continue;
      if (source.aborted) this.controller.abort(source.reason);
      const onAbort = () => this.controller.abort(source.reason);
      source.addEventListener('abort', onAbort, { once: true });
      this.undo.push(() => source.removeEventListener('abort', onAbort));
    }
    if (timeout !== undefined) {
      const timer = setTimeout(() => this.controller.abort(timeout.reason()), timeout.ms);
      this.undo.push(() => clearTimeout(timer));
    }
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  dispose(): void {
    for (const undo of this.undo) undo();
  }
}
