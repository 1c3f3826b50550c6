import { beforeEach, describe, expect, it } from '@jest/globals';
import { composeRoles } from '../../workers/compose-roles';
import type { Role } from '../../workers/role';

describe('roles in one process', () => {
  let log: string[];
  const role =
    (name: string, changes: Partial<Role> = {}) =>
    async (): Promise<Role> => {
      log.push(`start ${name}`);
      return {
        ready: Promise.resolve(),
        failed: new Promise<never>(() => {}),
        stop: async () => {
          log.push(`stop ${name}`);
        },
        ...changes,
      };
    };
  beforeEach(() => {
    log = [];
  });

  it('start in order and stop in the opposite one, once', async () => {
    const all = await composeRoles([role('engine'), role('worker'), role('api')]);
    await Promise.all([all.stop(), all.stop()]);
    expect(log).toEqual([
      'start engine',
      'start worker',
      'start api',
      'stop api',
      'stop worker',
      'stop engine',
    ]);
  });

  it('wait for each other to be ready', async () => {
    let engineReady = () => {};
    const ready = new Promise<void>((resolve) => {
      engineReady = resolve;
    });
    const starting = composeRoles([role('engine', { ready }), role('api')]);
    await new Promise(setImmediate);
    expect(log).toEqual(['start engine']);
    engineReady();
    await starting;
    expect(log).toEqual(['start engine', 'start api']);
  });

  it('stop those before one that cannot start, or does not get ready', async () => {
    const broken = async () => {
      throw new Error('no port');
    };
    await expect(composeRoles([role('engine'), role('worker'), broken, role('api')])).rejects.toThrow(
      'no port',
    );
    expect(log).toEqual(['start engine', 'start worker', 'stop worker', 'stop engine']);
    log = [];
    const never = role('worker', { ready: Promise.reject(new Error('not ready')) });
    await expect(composeRoles([role('engine'), never])).rejects.toThrow('not ready');
    expect(log).toEqual(['start engine', 'start worker', 'stop worker', 'stop engine']);
  });

  it('fail when one fails', async () => {
    const all = await composeRoles([
      role('engine'),
      role('worker', { failed: Promise.reject(new Error('died')) }),
    ]);
    await expect(all.failed).rejects.toThrow('died');
  });

  it('are not started further once told to stop', async () => {
    const stop = new AbortController();
    const interrupted = async () => {
      stop.abort(new Error('Ctrl-C'));
      return role('worker')();
    };
    await expect(composeRoles([role('engine'), interrupted, role('api')], stop.signal)).rejects.toThrow(
      'Ctrl-C',
    );
    expect(log).toEqual(['start engine', 'start worker', 'stop worker', 'stop engine']);
  });
});
