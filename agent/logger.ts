/** What the agent needs of a logger; pino is one. Fields hold no prompt, no output and no token. */
export interface AgentLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
