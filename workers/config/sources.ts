/** The secrets of forges, which the config file only names: read once, at the start of the role that needs them. */
import { readFileSync } from 'node:fs';
import type { Config } from '../../contracts/config';
import type { SourceConfig } from '../../contracts/forge';
import type { Environment } from './environment';

type Secret = SourceConfig['token'];
type Surroundings = Pick<Environment, 'home' | 'variable'>;

/** What is needed to talk to a forge. */
export interface ResolvedSource {
  config: SourceConfig;
  token: string;
  /** Of the user that reviews; null: the same as `token`. */
  reviewToken: string | null;
}

/** What is needed to take deliveries of a forge. */
export interface WebhookSource {
  config: SourceConfig;
  webhookSecret: string;
}

/** Secrets that are named and not there. Names source, field and place, never a value. */
export class SourcesError extends Error {
  override readonly name = 'SourcesError';
  readonly code = 'missing_secret';
}

/**
 * For the role that talks to forges; that of the webhooks is not looked at, for it may not be there.
 * @throws SourcesError that names all that is missing
 */
export function resolveSources(
  config: Pick<Config, 'forges'>,
  environment: Surroundings,
): Map<string, ResolvedSource> {
  return resolveEach(config, environment, (source, read) => ({
    config: source,
    token: read('token', source.token),
    reviewToken: source.review.token === undefined ? null : read('review.token', source.review.token),
  }));
}

/**
 * For the role that is told by forges: tokens are not looked at.
 * @throws SourcesError that names all that is missing
 */
export function resolveWebhooks(
  config: Pick<Config, 'forges'>,
  environment: Surroundings,
): Map<string, WebhookSource> {
  return resolveEach(config, environment, (source, read) => ({
    config: source,
    webhookSecret: read('webhook_secret', source.webhook_secret),
  }));
}

type Read = (field: string, secret: Secret) => string;

function resolveEach<T>(
  { forges }: Pick<Config, 'forges'>,
  environment: Surroundings,
  resolve: (source: SourceConfig, read: Read) => T,
): Map<string, T> {
  const missing: string[] = [];
  const resolved = Object.entries(forges).map(([name, source]): [string, T] => {
    const read: Read = (field, secret) => {
      const found = readSecret(secret, environment);
      if ('problem' in found) missing.push(`forges.${name}.${field}: ${found.problem}`);
      return 'value' in found ? found.value : '';
    };
    return [name, resolve(source, read)];
  });
  if (missing.length > 0) throw new SourcesError(missing.join('\n'));
  return new Map(resolved);
}

function readSecret(
  secret: Secret,
  { home, variable }: Surroundings,
): { value: string } | { problem: string } {
  if ('from_env' in secret) {
    const value = variable(secret.from_env)?.trim();
    return value
      ? oneLine(value)
      : { problem: `the environment variable ${secret.from_env} is not set, or empty` };
  }
  try {
    const value = readFileSync(secret.from_file.replace(/^~(?=\/)/, home), 'utf8').trim();
    return value ? oneLine(value) : { problem: `the file ${secret.from_file} is empty` };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { problem: `the file ${secret.from_file} cannot be read (${code})` };
  }
}

/** What cannot be sent in a header is none of these secrets. */
const oneLine = (value: string) =>
  /^[^\p{Cc}]+$/u.test(value) ? { value } : { problem: 'expected one line, without control characters' };
