/** Where a forge is, and what one request may cost. */
export interface ForgeAccess {
  /** Without a slash at its end, and without /api. */
  url: string;
  token: string;
  timeoutMs: number;
  jsonMaxBytes: number;
  diffMaxBytes: number;
}

/** @param repository `owner/name` */
export function splitRepository(repository: string): [owner: string, name: string] {
  const [owner = '', name = ''] = repository.split('/');
  return [owner, name];
}
