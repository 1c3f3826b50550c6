import type { PromptConfig } from '../../contracts/prompt';

/** What the config file says of a repository, or of all others; undefined when it says nothing. */
export function configuredCommands(
  configured: PromptConfig['validation_commands'],
  repository: string | null,
): string[] | undefined {
  const names = repository === null ? ['*'] : [repository, '*'];
  const name = names.find((candidate) => Object.hasOwn(configured, candidate));
  return name === undefined ? undefined : configured[name];
}
