import { LINE_MAX_BYTES } from './types';

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;

export interface Framed {
  /** A JSON object at the top level, or an element of a list there; its text may still not parse. */
  object(text: string): void;
  /** Pieces of what is none, in order; the bytes are used again afterwards. */
  noise(bytes: Uint8Array): void;
}

/**
 * Finds the JSON objects in a byte stream, in constant memory: one a line, several on a line, indented over
 * many lines, or elements of one list. An object starts a line; text before it makes the line noise. JSON
 * holds no raw newline in a string and an indented one nothing but its end at column 0, so a line that was cut
 * ends there and takes nothing with it.
 */
export class JsonFramer {
  private state: 'start' | 'noise' | 'list' | 'object' | 'after' = 'start';
  private inList = false;
  private depth = 0;
  private inString = false;
  private escaped = false;
  /** Nothing but blanks since the brace that opened the object. */
  private opened = false;
  private column0 = false;
  private kept = new Uint8Array(4_096);
  /** Of the object so far, in bytes; beyond the limit nothing more is kept. */
  private size = 0;
  /** Objects that were skipped because of their length. */
  overlong = 0;

  constructor(
    private readonly framed: Framed,
    private readonly max_bytes = LINE_MAX_BYTES,
  ) {}

  /** Whether the stream, if this was its end, ends in the middle of a value. */
  get unfinished(): boolean {
    return this.state === 'object' || this.state === 'list';
  }

  push(chunk: Uint8Array): void {
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] ?? 0;
      switch (this.state) {
        case 'start':
        case 'after':
        case 'list':
          this.between(byte);
          from = i;
          break;
        case 'noise':
          if (byte === NEWLINE || byte === RETURN) {
            this.framed.noise(chunk.subarray(from, i + 1));
            this.state = 'start';
          }
          break;
        case 'object': {
          const end = this.inside(byte);
          if (end === 'more') break;
          // A line that starts anew is looked at again, as one.
          const until = end === 'restart' ? i : i + 1;
          this.keep(chunk.subarray(from, until));
          this.finish(end === 'closed');
          if (end === 'restart') i--;
          else if (end === 'broken') this.state = byte === NEWLINE || byte === RETURN ? 'start' : 'noise';
          from = i + 1;
        }
      }
    }
    if (this.state === 'object') this.keep(chunk.subarray(from));
    if (this.state === 'noise') this.framed.noise(chunk.subarray(from));
  }

  private between(byte: number): void {
    if (byte === OPEN) {
      this.state = 'object';
      this.depth = 1;
      this.inString = this.escaped = this.column0 = false;
      this.opened = true;
    } else if (byte === NEWLINE || byte === RETURN) {
      if (this.state === 'after') this.state = 'start';
    } else if (byte === SPACE || byte === TAB) {
      return;
    } else if (this.state === 'list') {
      if (byte === CLOSE_LIST) this.state = 'after';
      else if (byte !== COMMA) this.state = 'noise';
      this.inList = this.state === 'list';
    } else if (byte === OPEN_LIST) {
      this.state = 'list';
      this.inList = true;
    } else if (this.state !== 'start' || !skippedAtStart(byte)) {
      this.state = 'noise';
    }
  }

  private inside(byte: number): 'more' | 'closed' | 'broken' | 'restart' {
    if (byte === NEWLINE || byte === RETURN) {
      if (this.inString) return 'broken';
      this.column0 = true;
      return 'more';
    }
    if (this.inString) {
      if (this.escaped) this.escaped = false;
      else if (byte === BACKSLASH) this.escaped = true;
      else if (byte === QUOTE) this.inString = false;
      return 'more';
    }
    if (this.column0 && byte !== SPACE && byte !== TAB && byte !== CLOSE && byte !== CLOSE_LIST)
      return 'restart';
    this.column0 = false;
    if (byte === SPACE || byte === TAB) return 'more';
    if (this.opened && byte !== QUOTE && byte !== CLOSE) return 'broken';
    this.opened = false;
    if (byte === QUOTE) this.inString = true;
    else if (byte === OPEN || byte === OPEN_LIST) this.depth++;
    else if (byte === CLOSE || byte === CLOSE_LIST) this.depth--;
    return this.depth === 0 ? 'closed' : 'more';
  }

  private keep(bytes: Uint8Array): void {
    const start = this.size;
    this.size += bytes.length;
    if (this.size > this.max_bytes) return;
    if (this.size > this.kept.length) {
      const larger = new Uint8Array(Math.min(this.max_bytes, 2 * this.size));
      larger.set(this.kept.subarray(0, start));
      this.kept = larger;
    }
    this.kept.set(bytes, start);
  }

  private finish(closed: boolean): void {
    const bytes = this.kept.subarray(0, this.size);
    const overlong = this.size > this.max_bytes;
    this.size = 0;
    if (overlong) this.overlong++;
    else if (closed) this.framed.object(Buffer.from(bytes.buffer, 0, bytes.length).toString());
    else this.framed.noise(bytes);
    this.state = !closed ? 'start' : this.inList ? 'list' : 'after';
    if (!closed) this.inList = false;
  }
}

/** Control characters and the bytes of a byte order mark. */
const skippedAtStart = (byte: number) => byte < SPACE || byte === 0xef || byte === 0xbb || byte === 0xbf;
