/** app.ini of a Gitea for tests: on loopback, sqlite, nothing sent anywhere. */
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { join } from 'node:path';

export interface GiteaPlace {
  directory: string;
  /** What it reads at run time. */
  staticRoot: string;
  port: number;
  /** Ends in a slash. */
  rootUrl: string;
}

const secret = () => randomBytes(32).toString('hex');

export function giteaConfig({ directory, staticRoot, port, rootUrl }: GiteaPlace): string {
  const { username, uid } = userInfo();
  const sections: Record<string, Record<string, string | number | boolean>> = {
    '': {
      APP_NAME: 'Gitea for tests',
      RUN_MODE: 'prod',
      RUN_USER: username,
      WORK_PATH: directory,
      I_AM_BEING_UNSAFE_RUNNING_AS_ROOT: uid === 0,
    },
    server: {
      PROTOCOL: 'http',
      HTTP_ADDR: '127.0.0.1',
      HTTP_PORT: port,
      ROOT_URL: rootUrl,
      // Its hooks come this way too.
      LOCAL_ROOT_URL: rootUrl,
      USE_SUB_URL_PATH: true,
      STATIC_ROOT_PATH: staticRoot,
      DISABLE_SSH: true,
      OFFLINE_MODE: true,
      LFS_START_SERVER: false,
    },
    database: {
      DB_TYPE: 'sqlite3',
      PATH: join(directory, 'gitea.db'),
      SQLITE_JOURNAL_MODE: 'WAL',
      LOG_SQL: false,
    },
    security: { INSTALL_LOCK: true, SECRET_KEY: secret(), PASSWORD_COMPLEXITY: 'off' },
    service: { DISABLE_REGISTRATION: true },
    repository: { ROOT: join(directory, 'repositories'), DEFAULT_BRANCH: 'main' },
    webhook: { ALLOWED_HOST_LIST: 'loopback', DELIVER_TIMEOUT: 10 },
    log: { MODE: 'file', LEVEL: 'Info', ROOT_PATH: join(directory, 'log') },
    session: { PROVIDER: 'memory' },
    queue: { TYPE: 'channel' },
    indexer: { ISSUE_INDEXER_TYPE: 'db' },
    mailer: { ENABLED: false },
    actions: { ENABLED: false },
    packages: { ENABLED: false },
    oauth2: { ENABLED: false },
    openid: { ENABLE_OPENID_SIGNIN: false },
    cron: { ENABLED: false },
    'cron.update_checker': { ENABLED: false },
  };
  return Object.entries(sections)
    .map(([name, keys]) => {
      const lines = Object.entries(keys).map(([key, value]) => `${key} = ${value}\n`);
      return (name === '' ? '' : `[${name}]\n`) + lines.join('');
    })
    .join('\n');
}
