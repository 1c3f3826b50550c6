import { ZodError } from 'zod';
import type { ForgeEvent, ForgeKind } from '../../contracts/forge';
import { parseProblem } from '../validation';
import type { Announced } from './announced';
import { parseForgejo } from './forgejo';
import { parseGithub } from './github';
import type { Parse } from './reduce';

const PARSERS: Record<ForgeKind, Parse> = { forgejo: parseForgejo, gitea: parseForgejo, github: parseGithub };

/** Null when it is of no interest to this source. Throws 400. */
export function eventOf(
  { kind, config, event }: Pick<Announced, 'kind' | 'config' | 'event'>,
  payload: unknown,
  receivedAt: number,
): ForgeEvent | null {
  const reduced = parsed(PARSERS[kind], event, payload, receivedAt);
  if (reduced === null) return null;
  return isWanted(config.repositories, reduced.repository.full_name) ? reduced : null;
}

/** Forges do not distinguish upper and lower case here. */
const isWanted = (repositories: readonly string[] | undefined, name: string) =>
  repositories === undefined || repositories.some((wanted) => wanted.toLowerCase() === name.toLowerCase());

function parsed(parse: Parse, ...given: Parameters<Parse>): ForgeEvent | null {
  try {
    return parse(...given);
  } catch (error) {
    if (error instanceof ZodError) throw parseProblem(error.issues, given[1], 'payload');
    throw error;
  }
}
