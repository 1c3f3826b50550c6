import { createHash } from 'node:crypto';

const hash = (text: string, length: number) =>
  createHash('sha256').update(text).digest('hex').slice(0, length);

const readable = (text: string) =>
  text
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);

/** Name of a task's work directory: readable, and one to one with the task id. */
export const workName = (taskId: string): string => `${readable(taskId) || 'task'}-${hash(taskId, 8)}`;

/** Name of the clone that work directories of a remote repository are cloned from. */
export const mirrorName = (repository: string): string =>
  `${readable(repository.replace(/^.*[/:](?=[^/]*\/*$)/, '')) || 'repository'}-${hash(repository, 12)}.git`;

/** A path on the host, as opposed to a URL or `host:path`. */
export const isLocalRepository = (repository: string): boolean =>
  repository.startsWith('/') || repository.startsWith('file://');

/** Name of a run directory: the attempt id itself where a file can be named so. */
export const runName = (attemptId: string): string =>
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$/.test(attemptId)
    ? attemptId
    : `${readable(attemptId)}-${hash(attemptId, 16)}`;
