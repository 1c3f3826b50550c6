/** The last bytes of a stream, in constant memory. */
export class ByteTail {
  private parts: Uint8Array[] = [];
  private size = 0;
  /** All that was ever pushed, in bytes. */
  total = 0;

  constructor(private readonly limit: number) {}

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.total += bytes.length;
    // A copy, which slice() of a Buffer is not: the caller may use its buffer again.
    const part = new Uint8Array(bytes.subarray(Math.max(0, bytes.length - this.limit)));
    this.parts.push(part);
    this.size += part.length;
    if (this.size > 2 * this.limit || this.parts.length > 4096) this.compact();
  }

  get whole(): boolean {
    return this.total <= this.limit;
  }

  /** A character that was cut in two at the start is left out. */
  text(): string {
    this.compact();
    return tailText(this.parts[0] ?? new Uint8Array(), !this.whole);
  }

  private compact(): void {
    const joined = Buffer.concat(this.parts);
    const kept = joined.subarray(Math.max(0, joined.length - this.limit));
    this.parts = [kept];
    this.size = kept.length;
  }
}

/** Bytes as text. When they are what is left after a cut, the rest of a character that it went through is left out. */
export function tailText(bytes: Uint8Array, cut: boolean): string {
  let start = 0;
  // The longest character has three bytes after its first.
  if (cut) while (start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start++;
  return Buffer.from(bytes.subarray(start)).toString();
}
