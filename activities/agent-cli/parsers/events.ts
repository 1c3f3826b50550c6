import { ByteTail } from './byte-tail';
import { type Fields, parseObject } from './fields';
import { JsonFramer } from './json-framer';
import type { EventReader, OutputEnd, ParsedOutput } from './types';
import { verdict } from './verdict';

/** How much of the end of what is not JSON is searched for a reason, in bytes. */
const NOISE_BYTES = 131_072;

/** A stream of JSON objects, with lines of other things between them. */
export class EventOutput {
  private readonly noise = new ByteTail(NOISE_BYTES);
  private objects = 0;
  private readonly framer: JsonFramer;

  constructor(private readonly reader: EventReader) {
    this.framer = new JsonFramer({
      object: (text) => this.object(parseObject(text), text),
      noise: (bytes) => this.noise.push(bytes),
    });
  }

  push(clean: Uint8Array): void {
    this.framer.push(clean);
  }

  conclude(end: OutputEnd, bytes: number): ParsedOutput {
    const { objects, framer } = this;
    return verdict(
      this.reader.conclude(end),
      {
        bytes,
        objects,
        unfinished: framer.unfinished,
        overlong: framer.overlong,
        noise: this.noise.text(),
        any_program: false,
      },
      end,
    );
  }

  private object(event: Fields | null, text: string): void {
    if (event === null) {
      this.noise.push(Buffer.from(`${text}\n`));
      return;
    }
    this.objects++;
    this.reader.event(event);
  }
}
