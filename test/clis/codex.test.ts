import '../helpers/over-ssh';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { CODEX } from './cli-cache';
import { scenarios } from './scenarios';

const resets_at_ms = Date.now() + 2 * 3_600_000;

const configFile = (modelUrl: string): string => `
model = "scripted"
model_provider = "scripted"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.scripted]
name = "scripted"
base_url = "${modelUrl}/v1"
env_key = "CODEX_API_KEY"
wire_api = "responses"
`;

scenarios({
  package: CODEX,
  template: 'codex-cli',
  written: "codex exec --json --skip-git-repo-check '{prompt}'",
  cli: 'codex',
  configure(settings, modelUrl) {
    writeFileSync(join(settings, 'config.toml'), configFile(modelUrl));
    return { CODEX_HOME: settings, CODEX_API_KEY: { from_env: 'MODEL_KEY' } };
  },
  sent: ({ headers }) => ({
    session: headers['session-id'],
    key: headers.authorization?.replace(/^Bearer /, ''),
  }),
  // Its own way to edit, which it takes out of a command.
  write: (file, text) =>
    `apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: ${file}\n+${text}\n*** End Patch\nEOF`,
  // As absolute paths.
  reports: (file) => [expect.stringMatching(`^/.*/${file}$`)],
  tokens: { input: 1_200, output: 34 },
  quotas: [
    {
      name: 'a usage limit with the time of its end',
      turn: {
        status: 429,
        body: {
          error: {
            type: 'usage_limit_reached',
            message: 'The usage limit has been reached',
            plan_type: 'plus',
            resets_at: Math.floor(resets_at_ms / 1_000),
          },
        },
      },
      message: /^You’ve hit your usage limit/,
      resets_at_ms,
    },
    {
      name: 'no credit',
      turn: {
        status: 429,
        body: { error: { type: 'insufficient_quota', message: 'You exceeded your current quota.' } },
      },
      message: /^Quota exceeded/,
      resets_at_ms: null,
    },
  ],
});
