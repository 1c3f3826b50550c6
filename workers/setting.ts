import type { Logger } from 'pino';
import type { Environment } from './config/environment';
import { loadConfig } from './config/load-config';
import { openStateDir } from './config/state-dir';
import { createLogger } from './logger';
import { workflowBundlePath } from './paths';
import type { RoleDeps } from './role';

export type Setting = Omit<RoleDeps, 'temporal'>;

/**
 * What roles need, but for the Temporal server.
 * @throws ConfigError, StateDirError
 */
export function openSetting(
  environment: Environment,
  logger: Logger = createLogger(environment.logLevel),
): Setting {
  return {
    environment,
    config: loadConfig(environment.configPath),
    stateDir: openStateDir(environment.stateDir, environment.adminToken),
    logger,
    bundlePath: workflowBundlePath(),
  };
}
