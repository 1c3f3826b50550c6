/** Real deliveries, where they lie beside the project; the project itself holds none. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FORGE_KINDS, type ForgeKind } from '../../contracts/forge';

const SAMPLES = join(__dirname, '..', '..', '..', 'shared', 'samples');

export interface ForgeRecording {
  kind: ForgeKind;
  file: string;
  /** As the header of the delivery says it. */
  event: string;
  body: string;
}

/** By what is in the name of the file, for those that were recorded without their headers. */
const EVENTS: Array<[RegExp, string]> = [
  [/issue_comment/, 'issue_comment'],
  [/pull_request_review/, 'pull_request_review'],
  [/ReviewAck/, 'pull_request_approved'],
  [/ReviewDeny/, 'pull_request_rejected'],
  [/pull_?request/i, 'pull_request'],
  [/issues/, 'issues'],
  [/push/i, 'push'],
  [/ping/, 'ping'],
];

export const forgeRecordings = (): ForgeRecording[] =>
  FORGE_KINDS.flatMap((kind) => {
    const folder = join(SAMPLES, kind);
    return existsSync(folder) ? readdirSync(folder).map((file) => recording(kind, folder, file)) : [];
  });

function recording(kind: ForgeKind, folder: string, file: string): ForgeRecording {
  const text = readFileSync(join(folder, file), 'utf8');
  const parsed = JSON.parse(text);
  if (parsed.headers !== undefined) {
    // As a collector kept it: the body is indented by two spaces when Forgejo sends it.
    const event: string = parsed.headers[`x-${kind}-event`];
    return { kind, file, event, body: JSON.stringify(parsed.body, null, 2) };
  }
  const event = EVENTS.find(([pattern]) => pattern.test(file))?.[1];
  if (event === undefined) throw new Error(`${file}: of what event is it?`);
  return { kind, file, event, body: text };
}
