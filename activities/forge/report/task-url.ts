/** Where people see a task; null without `public_url` in the config file. */
export const taskUrl = (publicUrl: string | null, taskId: string) =>
  publicUrl === null ? null : `${publicUrl}/api/v1/tasks/${encodeURIComponent(taskId)}`;
