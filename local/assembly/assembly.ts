import { StartFault } from '../start-fault';
import { readFunctions, type FunctionDefinition } from './functions';
import { readScopes, readRoutes, type RouteDefinition } from './routes';
import { readTables, type TableDefinition } from './tables';
import { readEventRules, type EventRule } from './event-rules';
import { readQueueMappings, readQueues, type QueueDefinition, type QueueMapping } from './queues';
import { readSchedules, type ScheduleDefinition } from './schedules';
import { Resolver, type Place } from './resolver';
import { readStacks } from './template';

/** The synthesized app, as far as the local cloud plays it; every other resource is left out. */
export interface Assembly {
  readonly functions: readonly FunctionDefinition[];
  readonly routes: readonly RouteDefinition[];
  readonly tables: readonly TableDefinition[];
  readonly queues: readonly QueueDefinition[];
  readonly mappings: readonly QueueMapping[];
  readonly schedules: readonly ScheduleDefinition[];
  readonly rules: readonly EventRule[];
  /** Scopes that the app's own resource server knows; empty where another issuer is used. */
  readonly scopes: readonly string[];
}

/**
 * Reads `cdk.out`.
 * @throws StartFault when it cannot be read or needs something that the local cloud does not know.
 */
export function readAssembly(folder: string, place: Place): Assembly {
  const resolver = new Resolver(readStacks(folder), place);
  const functions = readFunctions(resolver);
  if (functions.length === 0) {
    throw new StartFault(
      `The synthesized app in ${folder} holds no function; run \`npm run synth\`.`,
    );
  }
  return {
    functions,
    routes: readRoutes(resolver, functions),
    tables: readTables(resolver),
    queues: readQueues(resolver),
    mappings: readQueueMappings(resolver, functions),
    schedules: readSchedules(resolver),
    rules: readEventRules(resolver),
    scopes: readScopes(resolver),
  };
}
