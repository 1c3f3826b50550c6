import type { ForgeEvent } from '../../../contracts/forge';
import { holderIdSchema } from '../../../contracts/ids';
import { code } from '../escape';
import { type Command, parseCommand } from './command';
import type { Asked, Intent, KnownTask } from './intents';

export type CommentEvent = Extract<ForgeEvent, { kind: 'comment' }>;

/** In code marks: a line that began with one would be a command itself. */
const COMMANDS =
  '`/signalbox retry`, `/signalbox cancel`, `/signalbox assign <agent or host>`, `/signalbox approve`';

export function planComment(
  event: CommentEvent,
  task: KnownTask | null,
  { issue, permission }: Pick<Asked, 'issue' | 'permission'>,
  by: string,
): Intent[] {
  const { id } = event.comment;
  const command = parseCommand(event.comment.command);
  if (command === null) return [{ do: 'nothing', why: 'no command' }];
  const message_id = commentId(id);
  if (task && (id <= task.earlier.comment || task.seen.includes(message_id))) {
    return [{ do: 'nothing', why: 'this command was carried out before' }];
  }
  const reply = (text: string): Intent[] => [{ do: 'reply', comment: id, text }];
  if (permission !== 'write' && permission !== 'admin') {
    return reply('Sorry, commands are for people who may write to this repository.');
  }
  if (command.name === 'unknown') return reply(`Sorry, I do not know that command. These I do: ${COMMANDS}.`);
  if (!task) return reply('Sorry, I know of no task here. An issue gets one with its label.');
  return planCommand(command, task, { id, message_id, issue, by, reply });
}

interface Saying extends Pick<Asked, 'issue'> {
  id: number;
  message_id: string;
  by: string;
  reply(text: string): Intent[];
}

function planCommand(
  command: Exclude<Command, { name: 'unknown' }>,
  task: KnownTask,
  { id, message_id, issue, by, reply }: Saying,
): Intent[] {
  const is = task.status.replace('_', ' ');
  if (command.name === 'retry') {
    if (task.open) return reply(`Only a task that has ended can be run again; this one is ${is}.`);
    if (!issue) return reply('Sorry, the issue of this task is gone.');
    return [{ do: 'run_again', issue, because: { comment: id } }];
  }
  if (!task.open) return reply(`The task has ended: it is ${is}. \`/signalbox retry\` runs it again.`);
  switch (command.name) {
    case 'cancel':
      return [{ do: 'cancel', message: { message_id, reason: 'by a comment', by }, comment: id }];
    case 'assign': {
      if (!holderIdSchema.safeParse(command.to).success) {
        return reply(`Sorry, ${code(command.to)} is no name of an agent or a host.`);
      }
      return [{ do: 'assign', name: command.to, message_id, by, comment: id }];
    }
    case 'approve':
      if (task.status !== 'review_pending') {
        return reply(`There is nothing to approve yet: the task is ${is}.`);
      }
      return [
        {
          do: 'approve',
          message: { message_id, verdict: 'approved', findings: [], confidence: null, by },
          comment: id,
        },
      ];
  }
}

export const commentId = (id: number) => `comment:${id}`;
