import { describe, expect, it } from '@jest/globals';
import { EnvironmentError, readEnvironment } from '../../../workers/config/environment';

const read = (variables: Record<string, string>) =>
  readEnvironment({ HOME: '/home/ada', ...variables }, 'linux');

describe('the environment', () => {
  it('has a default for everything', () => {
    expect(read({})).toMatchObject({
      port: 3001,
      host: '127.0.0.1',
      adminToken: null,
      configPath: null,
      temporalCli: null,
      temporalAddress: null,
      temporalVariables: {},
      logLevel: 'info',
      cacheDir: '/home/ada/.cache',
    });
  });

  it('takes an empty variable for an unset one', () => {
    expect(read({ SIGNALBOX_PORT: '', SIGNALBOX_CONFIG: '' })).toMatchObject({
      port: 3001,
      configPath: null,
    });
  });

  it('makes the state directory absolute', () => {
    expect(read({ SIGNALBOX_STATE_DIR: '/srv/../srv/box' }).stateDir).toBe('/srv/box');
    expect(read({}).stateDir.startsWith('/')).toBe(true);
  });

  it('keeps the TEMPORAL_ variables together', () => {
    const { temporalAddress, temporalVariables } = read({
      TEMPORAL_ADDRESS: 'temporal:7233',
      TEMPORAL_NAMESPACE: 'fleet',
      OTHER: 'x',
    });
    expect(temporalAddress).toBe('temporal:7233');
    expect(temporalVariables).toEqual({ TEMPORAL_ADDRESS: 'temporal:7233', TEMPORAL_NAMESPACE: 'fleet' });
  });

  it.each([
    ['linux', { XDG_CACHE_HOME: '/x' }, '/x'],
    ['linux', { XDG_CACHE_HOME: 'relative' }, '/home/ada/.cache'],
    ['darwin', {}, '/home/ada/Library/Caches'],
  ] as const)('on %s with %j caches in %s', (platform, variables, cacheDir) => {
    expect(readEnvironment({ HOME: '/home/ada', ...variables }, platform).cacheDir).toBe(cacheDir);
  });

  it.each([
    [
      { SIGNALBOX_PORT: 'http' },
      'SIGNALBOX_PORT: expected a port number from 0 (any free one) to 65535, got "http"',
    ],
    [{ SIGNALBOX_PORT: '70000' }, 'got "70000"'],
    [{ SIGNALBOX_PORT: '-1' }, 'got "-1"'],
    [
      { LOG_LEVEL: 'loud' },
      'LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent, got "loud"',
    ],
    [{ SIGNALBOX_ADMIN_TOKEN: 'short' }, 'SIGNALBOX_ADMIN_TOKEN: expected at least 16 characters'],
  ])('%j is refused', (variables, message) => {
    expect(() => read(variables)).toThrow(EnvironmentError);
    expect(() => read(variables)).toThrow(message);
  });

  it('tells every bad variable at once, and never shows a token', () => {
    try {
      read({ SIGNALBOX_PORT: 'x', SIGNALBOX_ADMIN_TOKEN: 'hunter2 hunter2 hunter2' });
      throw new Error('was accepted');
    } catch (error) {
      expect(String(error)).toContain('SIGNALBOX_PORT');
      expect(String(error)).toContain('got 23 characters');
      expect(String(error)).not.toContain('hunter2');
    }
  });
});
