import { createHash } from 'node:crypto';

export interface Digest {
  bytes: number;
  sha256: string;
}

/** Takes a stream in as it comes and keeps nothing of it but its end. */
export class Digester {
  private readonly hash = createHash('sha256');
  private bytes = 0;
  /** The last bytes, at most as many as were asked for. */
  tail = Buffer.alloc(0);

  constructor(private readonly tailBytes = 0) {}

  take(chunk: Buffer): void {
    this.hash.update(chunk);
    this.bytes += chunk.length;
    if (this.tailBytes > 0) this.tail = Buffer.concat([this.tail, chunk]).subarray(-this.tailBytes);
  }

  /** Of what was taken until now. */
  get digest(): Digest {
    return { bytes: this.bytes, sha256: this.hash.copy().digest('hex') };
  }
}
