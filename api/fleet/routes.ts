import type { ApiContext, App } from '../context';
import { answerError, toProblem } from '../error-handler';
import { claim } from './claim';
import { factoryHeartbeat } from './factory-heartbeat';
import { job } from './job';
import { lease } from './lease';
import { fleetProblem } from './mapping';

const ROUTES = [factoryHeartbeat, claim, job, lease];

/** Everything below /api/fleet: the tasks of /api/v1 in another dialect. */
export function fleetRoutes(app: App, ctx: ApiContext) {
  app.setErrorHandler((error, request, reply) => {
    const problem = toProblem(error);
    return answerError(problem.statusCode === 500 ? error : fleetProblem(problem), request, reply);
  });
  for (const route of ROUTES) route(app, ctx);
}
