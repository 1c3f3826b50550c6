/** What is known of the agent programs themselves, whichever template runs them. */
import type { CliName } from '../../contracts/template';

export interface LoginCheck {
  /** Any of these set, and it needs no login. */
  variables: readonly string[];
  /** Any of these there and not empty on the host: logged in. `$NAME` and `~` are put in by the host. */
  files: readonly string[];
  /** Asked when neither says so; costs a process. */
  command: readonly string[] | null;
  /** The words with which the command denies it; null: its exit code does. Anything else counts as not known. */
  denial: string | null;
}

export interface KnownProgram {
  cli: CliName;
  /** These among the arguments make it print what `cli` reads. */
  prints: RegExp;
  /** Without a prompt among its arguments it reads one from standard input. */
  readsStdin: boolean;
  version: readonly string[];
  login: LoginCheck | null;
  /** Arguments with which it needs no login of its own. */
  noLogin: RegExp | null;
}

export const KNOWN_PROGRAMS: Record<string, KnownProgram> = {
  codex: {
    cli: 'codex',
    prints: /^--(experimental-)?json$/,
    readsStdin: true,
    version: ['codex', '--version'],
    login: {
      // OPENAI_API_KEY counts only for a provider that names it; refusing a host over that would be worse.
      variables: ['CODEX_API_KEY', 'CODEX_ACCESS_TOKEN', 'OPENAI_API_KEY'],
      files: ['$CODEX_HOME/auth.json', '~/.codex/auth.json'],
      command: ['codex', 'login', 'status'],
      denial: 'not logged in',
    },
    noLogin: /^(--oss|.*\bmodel_providers?\b.*)$/,
  },
  claude: {
    cli: 'claude',
    prints: /^(--output-format=)?(stream-)?json$/,
    readsStdin: true,
    version: ['claude', '--version'],
    login: {
      variables: [
        'ANTHROPIC_API_KEY',
        'ANTHROPIC_AUTH_TOKEN',
        'CLAUDE_CODE_OAUTH_TOKEN',
        'CLAUDE_CODE_USE_BEDROCK',
        'CLAUDE_CODE_USE_VERTEX',
      ],
      files: ['$CLAUDE_CONFIG_DIR/.credentials.json', '~/.claude/.credentials.json'],
      // Its exit code says nothing: some versions end with 1 although they are logged in.
      command: ['claude', 'auth', 'status', '--json'],
      denial: '"loggedIn": *false',
    },
    noLogin: null,
  },
  gemini: {
    cli: 'gemini',
    prints: /^(--output-format=)?(stream-)?json$/,
    // With -p it wants the prompt there.
    readsStdin: false,
    version: ['gemini', '--version'],
    login: {
      variables: [
        'GEMINI_API_KEY',
        'GOOGLE_API_KEY',
        'GOOGLE_GENAI_USE_VERTEXAI',
        'GOOGLE_APPLICATION_CREDENTIALS',
      ],
      // Whose .env or settings name a key is logged in too, and is not asked any further.
      files: ['~/.gemini/oauth_creds.json', '~/.gemini/.env', '~/.env', '~/.gemini/gemini-credentials.json'],
      command: null,
      denial: null,
    },
    noLogin: null,
  },
  opencode: {
    cli: 'opencode',
    prints: /^(--format=)?json$/,
    readsStdin: true,
    version: ['opencode', '--version'],
    // It has models that need no login, so that none is found means nothing.
    login: null,
    noLogin: null,
  },
};

/** By the last part of its path; null for any other program. */
export function knownProgram(program: string): KnownProgram | null {
  const name = program.replace(/^.*\//, '');
  return Object.hasOwn(KNOWN_PROGRAMS, name) ? (KNOWN_PROGRAMS[name] ?? null) : null;
}
