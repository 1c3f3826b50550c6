import type { ApiContext, App } from '../context';
import { agent } from './agent';
import { agentHeartbeat } from './agent-heartbeat';
import { agentKill } from './agent-kill';
import { agents } from './agents';
import { agentsAdmission } from './agents-admission';
import { assign } from './assign';
import { cancel } from './cancel';
import { complete } from './complete';
import { createTask } from './create-task';
import { dequeue } from './dequeue';
import { getTask } from './get-task';
import { heartbeat } from './heartbeat';
import { hosts } from './hosts';
import { hostsAdmission } from './hosts-admission';
import { listTasks } from './list-tasks';
import { quarantine } from './quarantine';
import { release } from './release';
import { retry } from './retry';
import { review } from './review';
import { status } from './status';
import { taskEvents } from './task-events';
import { taskLogs } from './task-logs';
import { taskOutput } from './task-output';
import { tokens } from './tokens';

const ROUTES = [
  createTask,
  listTasks,
  getTask,
  taskEvents,
  taskOutput,
  taskLogs,
  dequeue,
  heartbeat,
  status,
  complete,
  release,
  assign,
  review,
  cancel,
  retry,
  quarantine,
  agents,
  agent,
  agentHeartbeat,
  agentsAdmission,
  agentKill,
  hosts,
  hostsAdmission,
  tokens,
];

/** Everything below /api/v1. */
export function apiRoutes(app: App, ctx: ApiContext) {
  for (const route of ROUTES) route(app, ctx);
}
