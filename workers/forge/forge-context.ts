/** What the activities that talk to forges are given. One of it per process. */
import { ApplicationFailure } from '@temporalio/common';
import type { Forge } from '../../activities/forge/forge';
import type { ApiContext } from '../../api/context';
import type { SourceConfig } from '../../contracts/forge';
import type { VisibilityBudget } from '../../dispatch/visibility-budget';
import type { ResolvedSource } from '../config/sources';

export interface ForgeContext
  extends Pick<ApiContext, 'client' | 'queries' | 'directory' | 'blobs' | 'config'> {
  board: Pick<ApiContext['board'], 'put'>;
  budget: VisibilityBudget;
  sources: ReadonlyMap<string, Source>;
  /** Looks in the index for the task of a branch, until it is behind no more. */
  indexLag: { looks: number; waitMs: number };
}

export interface Source {
  name: string;
  config: SourceConfig;
  forge: Forge;
  /** Of the user that reviews; the same forge when there is none of its own. */
  reviewer: Forge;
}

export type OpenForge = (address: { kind: SourceConfig['kind']; url?: string; token: string }) => Forge;

export function openSources(
  resolved: ReadonlyMap<string, ResolvedSource>,
  open: OpenForge,
): Map<string, Source> {
  const sources = [...resolved].map(([name, { config, token, reviewToken }]): [string, Source] => {
    const address = { kind: config.kind, ...(config.url !== undefined && { url: config.url }) };
    const forge = open({ ...address, token });
    const reviewer = reviewToken === null ? forge : open({ ...address, token: reviewToken });
    return [name, { name, config, forge, reviewer }];
  });
  return new Map(sources);
}

/** Throws what is not retried. */
export function sourceOf({ sources }: Pick<ForgeContext, 'sources'>, name: string): Source {
  const source = sources.get(name);
  if (source) return source;
  throw ApplicationFailure.nonRetryable(
    `the config file of this control process names no forge ${name}; add it under \`forges\`, and restart`,
    'unknown_source',
  );
}
