import type { ForgeKind } from '../../contracts/forge';
import type { Forge } from './forge';
import { openGitea } from './gitea';
import { GITHUB_URL, openGithub } from './github';

/** Slow forges answer within some seconds. */
const TIMEOUT_MS = 20_000;
/** All comments of a long issue, which Gitea gives at once. */
const JSON_MAX_BYTES = 16 * 1024 * 1024;
/** What a prompt takes of a diff is bounded further. */
const DIFF_MAX_BYTES = 1024 * 1024;

export interface ForgeAddress {
  kind: ForgeKind;
  /** May have a path; may be left out for github.com. */
  url?: string | undefined;
  token: string;
  timeoutMs?: number;
  diffMaxBytes?: number;
}

/** @throws Error when a forge that is not GitHub has no URL */
export function openForge(address: ForgeAddress): Forge {
  const { kind, token, timeoutMs = TIMEOUT_MS, diffMaxBytes = DIFF_MAX_BYTES } = address;
  const given = address.url ?? (kind === 'github' ? GITHUB_URL : null);
  if (given === null) throw new Error(`a forge of kind ${kind} needs a url`);
  const url = given.replace(/\/+$/, '');
  const access = { url, token, timeoutMs, diffMaxBytes, jsonMaxBytes: JSON_MAX_BYTES };
  switch (kind) {
    case 'forgejo':
    case 'gitea':
      return openGitea(access);
    case 'github':
      return openGithub(access);
  }
}
