import { describe, expect, it } from '@jest/globals';
import { hostEnvironment } from '../../activities/ssh/host-environment';
import { redact } from '../../activities/workspace/redact';
import { isLocalRepository, mirrorName, runName, workName } from '../../activities/workspace/work-name';

describe('names', () => {
  it('of work directories are readable and one to one', () => {
    expect(workName('org/repo#42')).toMatch(/^org-repo-42-[0-9a-f]{8}$/);
    expect(workName('org/repo#42')).not.toBe(workName('org/repo-42'));
    expect(workName('...')).toMatch(/^task-[0-9a-f]{8}$/);
    expect(workName('x'.repeat(500)).length).toBeLessThan(80);
  });
  it('of run directories are the attempt id where they can be', () => {
    expect(runName('a.b-1_c')).toBe('a.b-1_c');
    expect(runName('.slots')).toMatch(/^slots-[0-9a-f]{16}$/);
    expect(runName('../../x')).toMatch(/^x-[0-9a-f]{16}$/);
    expect(runName('a/b')).not.toBe(runName('a-b'));
    expect(runName('x'.repeat(400)).length).toBeLessThan(120);
  });
  it('of mirrors tell the repository, not its credentials', () => {
    expect(mirrorName('https://user:pw@forge.test/org/repo.git')).toMatch(/^repo-git-[0-9a-f]{12}\.git$/);
    expect(mirrorName('git@forge.test:org/repo')).toMatch(/^repo-[0-9a-f]{12}\.git$/);
    expect(mirrorName('https://user:pw@forge.test/')).not.toContain('pw');
  });
  it.each([
    ['/srv/repo', true],
    ['file:///srv/repo', true],
    ['https://forge.test/repo', false],
    ['forge:repo', false],
  ])('%s is on the host: %s', (repository, expected) => expect(isLocalRepository(repository)).toBe(expected));
});

it('credentials in URLs are not repeated', () => {
  expect(redact("fatal: 'https://me:s3cret@forge.test/x' and ssh://tok@h/y\n")).toBe(
    "fatal: 'https://***@forge.test/x' and ssh://***@h/y",
  );
  expect(redact('x'.repeat(5_000))).toHaveLength(1_000);
});

it('scripts see what they need of the environment and nothing else', () => {
  const source = {
    HOME: '/h',
    PATH: '/p',
    LC_ALL: 'C',
    SIGNALBOX_ADMIN_TOKEN: 't',
    AWS_SECRET: 's',
    TZ: undefined,
  };
  expect(hostEnvironment(source)).toEqual({ HOME: '/h', PATH: '/p', LC_ALL: 'C' });
  expect(hostEnvironment({})).toEqual({ HOME: '/', PATH: '/usr/local/bin:/usr/bin:/bin' });
});
