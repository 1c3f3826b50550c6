import '../helpers/over-ssh';
import { CLAUDE } from './cli-cache';
import { scenarios } from './scenarios';

const error = (type: string, message: string) => ({ type: 'error', error: { type, message } });

scenarios({
  package: CLAUDE,
  template: 'claude-code',
  written: "claude -p '{prompt}' --output-format json --dangerously-skip-permissions",
  cli: 'claude',
  configure: (settings, modelUrl) => ({
    CLAUDE_CONFIG_DIR: settings,
    ANTHROPIC_BASE_URL: modelUrl,
    ANTHROPIC_API_KEY: { from_env: 'MODEL_KEY' },
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    // As root it does not work unasked without this.
    IS_SANDBOX: '1',
  }),
  sent: ({ headers }) => ({ session: headers['x-claude-code-session-id'], key: headers['x-api-key'] }),
  write: (file, text) => `echo '${text}' > '${file}'`,
  // Its one object tells of no tool.
  reports: () => undefined,
  tokens: { input: 1_000, output: 34 },
  quotas: [
    {
      name: 'no credit',
      turn: {
        status: 400,
        body: error('invalid_request_error', 'Your credit balance is too low to access the Anthropic API.'),
      },
      message: /^Credit balance is too low/,
      resets_at_ms: null,
    },
    {
      name: 'a limit for longer than it waits by itself',
      turn: {
        status: 429,
        headers: { 'retry-after': '3600' },
        body: error('rate_limit_error', "This request would exceed your account's rate limit."),
      },
      message: /^API Error: Request rejected \(429\)/,
      resets_at_ms: null,
    },
  ],
});
