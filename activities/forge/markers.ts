/** By these Signalbox knows again what it wrote. They do not show; untrusted text cannot contain one (escape.ts). */

/** Of the one comment of a task. */
export const taskMarker = (taskId: string) => `<!-- signalbox:${taskId} -->`;
export const replyMarker = (commentId: number) => `<!-- signalbox:reply:${commentId} -->`;
/** Of the review that a run of a review task comes to. */
export const verdictMarker = (reviewTaskId: string, runKey: string) =>
  `<!-- signalbox:verdict:${reviewTaskId}:${runKey} -->`;

export const carriesVerdict = (text: string) => text.includes('<!-- signalbox:verdict:');
