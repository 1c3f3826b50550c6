import pino, { type Logger } from 'pino';
import type { LogLevel } from './config/environment';

/** JSON lines on standard error: standard output belongs to what a person asked for. */
export function createLogger(level: LogLevel): Logger {
  return pino({ level, base: { pid: process.pid } }, pino.destination({ fd: 2, sync: true }));
}
