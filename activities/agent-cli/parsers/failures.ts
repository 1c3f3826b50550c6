/** Why an attempt failed, as far as its output tells, and what a person can do about it. */
export const REMEDIES = {
  auth: 'Log the CLI in on the host, as the user who runs it, or give the host or template a valid API key.',
  quota:
    'Wait until the limit resets, raise it, add credit, or let a host with another account take the task.',
  max_turns: 'Raise the turn limit in the template, or split the task.',
  budget: 'Raise the budget in the template, or split the task.',
  context_limit: 'Split the task, or choose a model with a larger context or output limit.',
  model_unavailable: 'Name a model in the template that this account and this version of the CLI can use.',
  api_error: 'The model service failed: try again later, and look at its status page if it goes on.',
  permission_denied:
    'Allow the tools the task needs: loosen the permission or sandbox mode in the template, or the rights of the user.',
  root_refused: 'Run the agent as a user other than root, or in a sandbox that the CLI accepts.',
  not_a_repository:
    'Give the task a repository, or allow other directories (codex: --skip-git-repo-check) in the template.',
  missing_cli:
    'Install the CLI on the host, or give its absolute path in the template: the PATH is a short one.',
  bad_arguments: 'Compare the argv and the settings of the template with the version of the CLI on the host.',
  session_not_found:
    'The session to go on with is not on this host any more: the next attempt begins a new one.',
  interrupted:
    'The agent was stopped from outside: look for a kill, a shutdown or too little memory on the host.',
  agent_failed: 'Read the message and the whole output; the task or its environment may need a change.',
  exit_code: 'Read the end of stderr in the message, and the whole output.',
  malformed_output:
    'Check that the template prints what its `cli` says; `signalbox parse-output` shows how it is read.',
  truncated_output:
    'The output was cut: look for a full disk or a killed process; some CLIs cut at 65 536 bytes on a pipe, so write to a file or stream JSON.',
  no_terminal_event:
    'The CLI stopped in the middle of its work: read the whole output; a newer version may help.',
  no_output: 'The agent gave no answer: run the argv of the template by hand on the host.',
} as const;

export type FailureCode = keyof typeof REMEDIES;
