import type { BuiltInTemplate, Template } from '../../contracts/template';

/**
 * The prompt goes by standard input: of any length, seen by nobody who lists processes, and never taken for an
 * option because it begins with a dash. All run without a sandbox of their own: theirs keep agents from
 * committing (the repository's .git is read-only in them).
 */
export const BUILT_INS: Record<BuiltInTemplate, Template> = {
  // Runs the body of a task as a POSIX script in the work directory.
  shell: { argv: ['sh', '{prompt_file}'], cli: 'text', version: null, login: null },

  'codex-cli': {
    argv: [
      'codex',
      'exec',
      '--json',
      '--skip-git-repo-check',
      '--sandbox',
      'danger-full-access',
      ['--model', '{model}'],
      ['resume', '{session_id}'],
      '-',
    ],
  },

  'claude-code': {
    argv: [
      'claude',
      '-p',
      '--output-format',
      'json',
      '--dangerously-skip-permissions',
      // The user's own settings could turn the one object into a list of all events.
      '--settings',
      '{"verbose":false}',
      ['--model', '{model}'],
      ['--resume', '{session_id}'],
    ],
    // With background tasks there are several results, and an update may replace the program under a run.
    env: { CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1', DISABLE_AUTOUPDATER: '1' },
  },

  gemini: {
    argv: ['gemini', '--output-format', 'json', '--approval-mode', 'yolo', ['--model', '{model}']],
  },

  opencode: {
    argv: ['opencode', 'run', '--format', 'json', ['--model', '{model}'], ['--session', '{session_id}']],
    env: { OPENCODE_DISABLE_AUTOUPDATE: '1' },
  },
};
