/** A host whose disk is full: a small file system of its own. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DirectoryBlobStore } from '../../activities/blobs/directory-store';
import { SshTransport } from '../../activities/ssh/remote/ssh-transport';
import { localHost } from '../helpers/local-host';
import { type Sshd, startSshd } from '../helpers/sshd';
import { reachHostsBy } from '../helpers/transport-under-test';
import { waitUntil } from '../helpers/wait-until';

const DISK_BYTES = 4 * 1_048_576;

let directory: string;
let disk: string;
let sshd: Sshd;
let host: ReturnType<typeof localHost>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'signalbox-disk-'));
  disk = join(directory, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', disk]);
  sshd = await startSshd();
  reachHostsBy(() => new SshTransport(sshd.target()));
  const root = join(disk, 'host');
  mkdirSync(root);
  // What is copied from a host is not kept on it.
  host = localHost({ root, blobs: new DirectoryBlobStore(join(directory, 'blobs')) });
});

afterEach(async () => {
  try {
    await host.close();
  } finally {
    await sshd.stop();
    // Lazily: what has just ended may still be on its way out.
    execFileSync('umount', ['--lazy', disk]);
    rmSync(directory, { recursive: true, force: true });
  }
});

/** What an agent does that writes until nothing more fits. */
const FILL = 'cat /dev/zero > zeros; while echo x >> more; do :; done';

/** Leaves not a byte. */
function fill() {
  const filler = join(disk, 'filler');
  try {
    writeFileSync(filler, Buffer.alloc(2 * DISK_BYTES));
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  }
  return () => rmSync(filler);
}

describe('a full disk', () => {
  it('refuses a start and says why; with room again the same attempt starts', async () => {
    const empty = fill();
    const request = host.request({ script: 'echo "$PWD" && echo done' });
    await expect(host.activities.startRun(request)).rejects.toMatchObject({
      type: 'work_dir_failed',
      message: expect.stringMatching(/No space left on device/),
    });
    empty();
    const outcome = await host.follow(request, await host.activities.startRun(request)).outcome;
    expect(outcome).toMatchObject({ failure: null, receipt: { status: 'completed' } });
  });

  it('in mid-run ends the run with the exit code of its agent, and the record is there', async () => {
    const request = host.request({ script: `${FILL}; exit 28` });
    const outcome = await host.follow(request, await host.activities.startRun(request)).outcome;
    expect(outcome).toMatchObject({
      receipt: null,
      failure: { code: 'exit_code', message: expect.stringContaining('28') },
    });
  });

  it('does not stop a kill', async () => {
    const request = host.request({ script: `${FILL}; while :; do sleep 1; done` });
    const started = await host.activities.startRun(request);
    await waitUntil(() => statfsSync(disk).bavail === 0, { what: 'the disk to be full' });
    const { attempt_id, kill_grace_ms } = request;
    const report = await host.activities.killRun({ attempt_id, kill_grace_ms, immediate: false });
    expect(report).toMatchObject({ seen: 'dead', survivors: [] });
    expect(readFileSync(join(started.run_dir, 'rc'), 'utf8')).toContain('reason=killed\n');
  });

  it('keeps a run that outgrew it under the watch of its launcher', async () => {
    const request = host.request({ script: `${FILL}; while :; do sleep 1; done`, host_lost_after_ms: 1_000 });
    const started = await host.activities.startRun(request);
    await waitUntil(() => existsSync(join(started.run_dir, 'rc')), { what: 'the run to be given up' });
    expect(readFileSync(join(started.run_dir, 'rc'), 'utf8')).toContain('reason=host_lost\n');
  });
});
