const ESC = 0x1b;
const BEL = 0x07;
const NEWLINE = 0x0a;

type State = 'plain' | 'escape' | 'sequence' | 'string' | 'string_escape';

/**
 * Removes terminal escapes (CSI, OSC and their like) from a byte stream, across chunks. JSON escapes ESC, so
 * none is ever inside a JSON string. An escape that is never finished ends with its line.
 */
export class EscapeStripper {
  private state: State = 'plain';

  push(chunk: Uint8Array): Uint8Array {
    if (this.state === 'plain' && chunk.indexOf(ESC) === -1) return chunk;
    const kept = new Uint8Array(chunk.length);
    let size = 0;
    for (const byte of chunk) {
      if (this.keeps(byte)) kept[size++] = byte;
    }
    return kept.subarray(0, size);
  }

  private keeps(byte: number): boolean {
    if (byte === ESC) {
      this.state = this.state === 'string' ? 'string_escape' : 'escape';
      return false;
    }
    if (byte === NEWLINE) {
      this.state = 'plain';
      return true;
    }
    switch (this.state) {
      case 'plain':
        return true;
      case 'escape':
      case 'string_escape':
        return this.afterEscape(byte);
      case 'sequence':
        // Parameters and intermediates, then one final byte.
        if (byte >= 0x20 && byte <= 0x3f) return false;
        this.state = 'plain';
        return byte < 0x40 || byte > 0x7e;
      case 'string':
        if (byte === BEL || byte === 0x18 || byte === 0x1a) this.state = 'plain';
        return false;
    }
  }

  private afterEscape(byte: number): boolean {
    // `ESC \` ends a string, and is nothing elsewhere.
    if (byte === 0x5b) this.state = 'sequence';
    else if (byte === 0x5d || byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f)
      this.state = 'string';
    else if (byte >= 0x20 && byte <= 0x2f) this.state = 'escape';
    else {
      this.state = 'plain';
      // `{` after a stray ESC is more likely the start of a value than an escape that nobody uses.
      return byte < 0x30 || byte > 0x7e || byte === 0x7b;
    }
    return false;
  }
}

/** For what people read: no escapes, no control characters but tab and newline, well-formed. */
export function plainText(text: string): string {
  const bytes = new EscapeStripper().push(Buffer.from(text));
  const lines = Buffer.from(bytes).toString().replace(/\r\n?/g, '\n');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to go
  return lines.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '');
}
