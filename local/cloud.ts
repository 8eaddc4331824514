import { randomUUID } from 'node:crypto';
import type { Permission } from './access/permissions';
import type { FunctionDefinition } from './assembly/functions';
import { readAssembly, type Assembly } from './assembly/assembly';
import type { Place } from './assembly/resolver';
import type { LocalBuild } from './build/local-build';
import { CloudClock } from './clock';
import { openDataDir } from './data-dir';
import { createTables, type Engine } from './engine/engine';
import { startEngine } from './engine/start-engine';
import type { TableAccess } from './engine/table-access';
import { AlertRoutes } from './events/alert-routes';
import { startEventsServer } from './events/events-server';
import { openFunctionLog, type FunctionLog } from './function-log';
import { environmentOf } from './functions/environment';
import { FunctionHost } from './functions/function-host';
import { JwtAuthorizer } from './gateway/authorizer';
import { Gateway } from './gateway/gateway';
import { LocalEndpoints } from './gateway/local-endpoints';
import { RouteTable } from './gateway/route-table';
import { openSigningKey } from './gateway/signing-key';
import { TokenEndpoint } from './gateway/token-endpoint';
import { LocalQueue } from './queues/local-queue';
import { QueueFeeder } from './queues/queue-feeder';
import { startSqsServer } from './queues/sqs-server';
import { startSchedules, type Schedules } from './schedules';
import type { Settings } from './settings';
import { SCOPE_NAMES } from '../lib/scopes';

export interface LocalCloud {
  readonly url: string;
  readonly engine: string;
  /** Lets the calls in flight end, then stops everything; safe to call twice. */
  stop(): Promise<void>;
}

const REGION = 'us-east-1';
const ACCOUNT_ID = '000000000000';
const AUDIENCE = 'maestro-billing';
const DEFAULT_TENANT_CLAIM = 'tenant';

type Undo = () => Promise<void> | void;

/** What was started, to be stopped in the opposite order. */
class Started {
  private readonly undos: Undo[] = [];
  private stopped: Promise<void> | undefined;

  push(undo: Undo): void {
    this.undos.push(undo);
  }

  stop(): Promise<void> {
    this.stopped ??= (async () => {
      for (const undo of this.undos.toReversed()) await undo();
    })();
    return this.stopped;
  }
}

function tableAccessOf({ functions }: Assembly): TableAccess {
  return {
    permissions: permissionsByName(functions),
    tableArnPrefix: `arn:aws:dynamodb:${REGION}:${ACCOUNT_ID}:table/`,
  };
}

function permissionsByName(
  functions: readonly FunctionDefinition[],
): Record<string, readonly Permission[]> {
  return Object.fromEntries(functions.map(({ name, permissions }) => [name, permissions]));
}

function tenantClaimOf(functions: readonly FunctionDefinition[]): string {
  const claims = functions.map(({ environment }) => environment['TENANT_CLAIM']);
  return claims.find((claim) => claim !== undefined) ?? DEFAULT_TENANT_CLAIM;
}

function createQueues(assembly: Assembly, clock: CloudClock, log: FunctionLog): LocalQueue[] {
  const queues = assembly.queues.map((definition) => new LocalQueue(definition, clock));
  for (const queue of queues) {
    queue.onDeparture((departure) => {
      if (departure.kind !== 'dead') return;
      const { message, reason } = departure;
      log.trouble(`dead letter in ${queue.definition.name}: ${message.body} (${reason})`);
    });
  }
  return queues;
}

function feedFunctions(
  assembly: Assembly,
  queues: readonly LocalQueue[],
  hosts: ReadonlyMap<string, FunctionHost>,
): void {
  for (const mapping of assembly.mappings) {
    const queue = queues.find(({ definition }) => definition.arn === mapping.queueArn);
    const host = hosts.get(mapping.functionName);
    if (queue && host) void new QueueFeeder(queue, mapping, host, REGION);
  }
}

interface HostParts {
  readonly settings: Settings;
  readonly build: LocalBuild;
  readonly place: Place;
  readonly engine: Engine;
  readonly sqsUrl: string;
  readonly eventsUrl: string;
  readonly clock: CloudClock;
  readonly log: FunctionLog;
}

function createHost(definition: FunctionDefinition, parts: HostParts): FunctionHost {
  const { settings, build, place, engine, sqsUrl, eventsUrl, clock, log } = parts;
  const endpoints = { dynamodb: engine.endpoint, sqs: sqsUrl, eventBridge: eventsUrl };
  return new FunctionHost(definition, {
    threadFile: build.functionThread,
    environment: {
      ...environmentOf(definition, place, endpoints),
      // Amazon's engine takes key ids of letters and digits alone, and knows no roles anyway.
      ...(settings.engine === 'dynamodb-local' && { AWS_ACCESS_KEY_ID: 'local' }),
      POWERTOOLS_LOG_LEVEL: settings.logLevel,
    },
    clockOffsetMs: clock.offsetMs,
    concurrency: settings.concurrency,
    onOutput: (line) => log.line(definition.name, line),
    onTrouble: (text) => log.trouble(text),
  });
}

async function localEndpoints(
  parts: HostParts & { assembly: Assembly; url: string; schedules: Schedules },
): Promise<{ authorizer: JwtAuthorizer; local: LocalEndpoints }> {
  const { settings, assembly, url, clock, schedules, engine } = parts;
  const key = await openSigningKey(settings.dataDir);
  const terms = { issuer: url, audience: AUDIENCE };
  const scopes = assembly.scopes.length > 0 ? assembly.scopes : SCOPE_NAMES;
  const tokens = new TokenEndpoint(
    key,
    {
      terms,
      scopes,
      ttlSeconds: settings.tokenTtlSeconds,
      tenantClaim: tenantClaimOf(assembly.functions),
    },
    clock,
  );
  return {
    authorizer: new JwtAuthorizer(key, terms, clock),
    local: new LocalEndpoints({ url, key, tokens, scopes, schedules, engine }),
  };
}

async function startParts(
  settings: Settings,
  buildFirst: () => Promise<LocalBuild>,
  started: Started,
  onEngineFailure: (error: Error) => void,
): Promise<LocalCloud> {
  if (settings.dataDir !== undefined) {
    const dataDir = openDataDir(settings.dataDir);
    started.push(() => dataDir.release());
  }
  // The port is taken before anything slow is done, so that a taken one is told at once.
  const gateway = await Gateway.listen(settings.port);
  started.push(() => gateway.stop());
  const build = await buildFirst();
  const log = openFunctionLog(settings.dataDir, settings.isLogShown);
  started.push(() => log.close());
  const clock = CloudClock.startingAt(settings.clockStartMs);
  const sqs = await startSqsServer();
  started.push(() => sqs.stop());
  const events = await startEventsServer({ region: REGION, accountId: ACCOUNT_ID, clock });
  started.push(() => events.stop());
  const place: Place = {
    region: REGION,
    accountId: ACCOUNT_ID,
    queueBaseUrl: sqs.url,
    apiUrl: gateway.url,
  };
  const assembly = readAssembly(build.assemblyDir, place);
  const engine = await startEngine(settings, build, onEngineFailure, tableAccessOf(assembly));
  started.push(() => engine.stop());
  await createTables(engine.endpoint, assembly.tables);

  const alerts = new AlertRoutes(assembly.rules, {
    webhook: settings.alertWebhook,
    say: (line) => log.notice(line),
  });
  started.push(() => alerts.settle());
  events.serve((bus, event) => alerts.take(bus, event));

  const parts: HostParts = {
    settings,
    build,
    place,
    engine,
    sqsUrl: sqs.url,
    eventsUrl: events.url,
    clock,
    log,
  };
  const hosts = new Map(
    assembly.functions.map((definition) => [definition.name, createHost(definition, parts)]),
  );
  started.push(async () => {
    await Promise.all([...hosts.values()].map((host) => host.stop()));
  });
  const queues = createQueues(assembly, clock, log);
  sqs.serve(queues, permissionsByName(assembly.functions));
  feedFunctions(assembly, queues, hosts);
  await Promise.all([...hosts.values()].map((host) => host.warm()));
  const schedules = startSchedules(
    assembly.schedules,
    [...hosts.values()],
    queues,
    settings.areSchedulesOn,
  );
  // Stopped after the gateway, which lets its calls end first.
  started.push(() => schedules.stop());
  started.push(() => gateway.stop());
  const endpoints = await localEndpoints({ ...parts, assembly, url: gateway.url, schedules });
  gateway.serve({
    routes: new RouteTable(assembly.routes),
    hosts,
    ...endpoints,
    clock,
    accountId: ACCOUNT_ID,
    onFault: (error) =>
      log.trouble(`local cloud ${randomUUID()}: ${(error as Error).stack ?? String(error)}`),
  });
  return { url: gateway.url, engine: engine.description, stop: () => started.stop() };
}

/**
 * Starts the local cloud.
 *
 * @param buildFirst gives what is to be run; called once the port and the folder are ours
 * @param onEngineFailure called when the database engine dies later
 * @throws StartFault with what its user can put right; everything started until then is stopped
 */
export async function startLocalCloud(
  settings: Settings,
  buildFirst: () => Promise<LocalBuild>,
  onEngineFailure: (error: Error) => void,
): Promise<LocalCloud> {
  const started = new Started();
  try {
    return await startParts(settings, buildFirst, started, onEngineFailure);
  } catch (error) {
    await started.stop();
    throw error;
  }
}
