import { replyMarker } from '../../activities/forge/markers';
import type { Source } from './forge-context';

/** Answers a comment once, however often it is asked for. */
export async function reply(
  { forge }: Source,
  repository: string,
  number: number,
  comment: number,
  text: string,
): Promise<string> {
  const marker = replyMarker(comment);
  if (await forge.findComment(repository, number, marker)) return 'answered before';
  await forge.comment(repository, number, `${marker}\n\n${text}`);
  return 'answered';
}
