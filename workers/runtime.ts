import { makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';

/** Sets up Temporal's native runtime; once per process, before the first connection. */
export function installRuntime(logger: Logger): void {
  // At `info` the SDK tells every state of every worker, which drowns our own lines.
  const level = logger.level === 'info' ? 'warn' : logger.level;
  const log = logger.child({ part: 'temporal-sdk' }, { level });
  Runtime.install({
    // Workers stop when we say so: the API first, what runs next, the server last.
    shutdownSignals: [],
    logger: {
      log: (severity, message, meta) =>
        log[EXPECTED.test(message) ? 'debug' : LEVELS[severity]](meta ?? {}, message),
      trace: (message, meta) => log.trace(meta ?? {}, message),
      debug: (message, meta) => log.debug(meta ?? {}, message),
      info: (message, meta) => log.info(meta ?? {}, message),
      warn: (message, meta) => log[EXPECTED.test(message) ? 'debug' : 'warn'](meta ?? {}, message),
      error: (message, meta) => log.error(meta ?? {}, message),
    },
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
    },
  });
}

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

// Host workers run activities only, on purpose.
const EXPECTED = /^No (workflows|Nexus services|activities) registered/;
