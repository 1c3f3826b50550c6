/** What a login shell may print by itself, in bytes. */
const NOISE_MAX_BYTES = 65_536;

/** Passes on what comes after the mark. */
class AfterMark {
  /** Of the shell that runs the script, which leads its process group; null until the mark was seen. */
  pid: number | null = null;
  private before = Buffer.alloc(0);

  constructor(private readonly mark: Buffer) {}

  /** What came before the mark, as far as it was kept. */
  get noise(): Buffer {
    return this.before;
  }

  take(chunk: Buffer): Buffer {
    if (this.pid !== null) return chunk;
    const all = Buffer.concat([this.before, chunk]);
    const at = all.indexOf(this.mark);
    const end = at === -1 ? -1 : all.indexOf('\n', at);
    if (end === -1) {
      this.before = all.subarray(-NOISE_MAX_BYTES);
      return Buffer.alloc(0);
    }
    this.pid = Number(all.toString('latin1', at + this.mark.length, end));
    this.before = all.subarray(0, at);
    return all.subarray(end + 1);
  }
}

/** One stream of a script: what comes after the mark, up to a limit. */
export class Collector {
  private readonly chunks: Buffer[] = [];
  private size = 0;
  private readonly mark: AfterMark;

  private readonly text: string;

  constructor(
    mark: Buffer,
    private readonly limit: number,
  ) {
    this.mark = new AfterMark(mark);
    this.text = mark.toString('latin1');
  }

  get pid(): number | null {
    return this.mark.pid;
  }

  get noise(): Buffer {
    return this.mark.noise;
  }

  /** False when it is more than was asked for. */
  take(chunk: Buffer): boolean {
    const part = this.mark.take(chunk);
    this.size += part.length;
    if (this.size > this.limit) return false;
    if (part.length > 0) this.chunks.push(part);
    return true;
  }

  bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  /** The code after the mark at the very end, as a shell prints it that goes on; null while it is not there. */
  endCode(): number | null {
    if (this.pid === null) return null;
    // Longer than the mark, a blank, a code and a comma, in whatever pieces they came.
    let tail = Buffer.alloc(0);
    for (let i = this.chunks.length - 1; i >= 0 && tail.length < 64; i -= 1) {
      tail = Buffer.concat([this.chunks[i] ?? tail, tail]);
    }
    const [, code] =
      new RegExp(`${this.text} (\\d{1,3}),$`).exec(tail.subarray(-64).toString('latin1')) ?? [];
    return code === undefined ? null : Number(code);
  }

  /** Without what comes at the end. */
  bytesBefore(code: number): Buffer {
    return this.bytes().subarray(0, -`${this.text} ${code},`.length);
  }
}
