import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { embeddedNamespace, embeddedTemporal, externalTemporal } from '../../../workers/temporal/connect';

const external = (temporalVariables: Record<string, string>) => externalTemporal({ temporalVariables });

describe('a server that is already there', () => {
  it('is named by its address', () => {
    expect(external({ TEMPORAL_ADDRESS: 'temporal:7233' })).toEqual({
      address: 'temporal:7233',
      connectionOptions: { address: 'temporal:7233', tls: undefined, metadata: undefined, apiKey: undefined },
      namespace: 'default',
      uiUrl: null,
    });
  });

  it('is reached over TLS when there is an API key', () => {
    const found = external({
      TEMPORAL_ADDRESS: 'x.tmprl.cloud:7233',
      TEMPORAL_NAMESPACE: 'fleet.acct',
      TEMPORAL_API_KEY: 'k',
    });
    expect(found).toMatchObject({ namespace: 'fleet.acct', connectionOptions: { apiKey: 'k', tls: true } });
  });

  it('may be named by a profile of a config file', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'signalbox-profile-')), 'temporal.toml');
    writeFileSync(file, '[profile.prod]\naddress = "prod:7233"\nnamespace = "fleet"\n');
    const found = external({ TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'prod' });
    expect(found).toMatchObject({ address: 'prod:7233', namespace: 'fleet' });
  });

  it('is an error when the profile gives no address', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'signalbox-profile-')), 'temporal.toml');
    writeFileSync(file, '[profile.default]\nnamespace = "fleet"\n');
    expect(() => external({ TEMPORAL_CONFIG_FILE: file })).toThrow('TEMPORAL_ADDRESS: expected host:port');
  });

  it.each<[Record<string, string>]>([[{}], [{ TEMPORAL_NAMESPACE: 'fleet' }], [{ TEMPORAL_API_KEY: 'k' }]])(
    'is not named by %j',
    (variables) => {
      expect(external(variables)).toBeNull();
    },
  );
});

describe('the embedded server', () => {
  it('is found by its record', () => {
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-record-'));
    expect(embeddedTemporal(folder)).toBeNull();
    writeFileSync(join(folder, 'temporal.json'), '{"port":17000,"ui_port":18000,"namespace":"fleet"}');
    expect(embeddedTemporal(folder)).toEqual({
      address: '127.0.0.1:17000',
      connectionOptions: { address: '127.0.0.1:17000' },
      namespace: 'fleet',
      uiUrl: 'http://127.0.0.1:18000',
    });
  });

  it('takes its namespace from the environment', () => {
    expect(embeddedNamespace({ temporalVariables: { TEMPORAL_NAMESPACE: 'fleet' } })).toBe('fleet');
    expect(embeddedNamespace({ temporalVariables: {} })).toBe('default');
  });
});
