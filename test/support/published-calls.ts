import { routeOf, type FunctionName } from '../../core/contract/functions';
import { createAcknowledgeAlertHandler } from '../../lambdas/acknowledge-alert/handler';
import { createAlertStore } from '../../lambdas/adapters/dynamodb/alert-store';
import { createCheckStepHandler } from '../../lambdas/check-step/handler';
import { createCompleteRunHandler } from '../../lambdas/complete-run/handler';
import { createGuardPorts } from '../../lambdas/composition/guard-ports';
import { createCreateRunHandler } from '../../lambdas/create-run/handler';
import type { HttpHandler } from '../../lambdas/http/api-handler';
import { createListAlertsHandler } from '../../lambdas/list-alerts/handler';
import { createListUsageHandler } from '../../lambdas/list-usage/handler';
import { createLogger } from '../../lambdas/observability/logger';
import { createReadBudgetHandler } from '../../lambdas/read-budget/handler';
import { createReadPolicyHandler } from '../../lambdas/read-policy/handler';
import { createReadRunHandler } from '../../lambdas/read-run/handler';
import { createRecordUsageHandler } from '../../lambdas/record-usage/handler';
import { createWritePolicyHandler } from '../../lambdas/write-policy/handler';
import { apiEvent, lambdaContext, type EventParts } from './api-event';
import { startTestEngine, type TestEngine } from './dynamo-engine';
import { EventBridge } from './event-bridge';
import { answerFaults, headerFaults } from './openapi';

const HANDLERS = {
  'create-run': createCreateRunHandler,
  'check-step': createCheckStepHandler,
  'record-usage': createRecordUsageHandler,
  'complete-run': createCompleteRunHandler,
  'read-run': createReadRunHandler,
  'read-policy': createReadPolicyHandler,
  'write-policy': createWritePolicyHandler,
  'read-budget': createReadBudgetHandler,
  'list-usage': createListUsageHandler,
  'list-alerts': createListAlertsHandler,
  'acknowledge-alert': createAcknowledgeAlertHandler,
} as const;

export type CalledFunction = keyof typeof HANDLERS;

export interface Call extends EventParts {
  readonly status: number;
  readonly code?: string;
}

export interface Answer {
  // Tests say what they expect of it.
  readonly body: ReturnType<typeof JSON.parse>;
  readonly headers: Readonly<Record<string, unknown>>;
}

interface Summary {
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly faults: readonly string[];
}

function expectAnswer(answer: Summary, expected: Omit<Summary, 'faults'>): void {
  expect(answer).toEqual({ ...expected, faults: [] });
}

/** The API's handlers on a real engine, every answer held against what is published. */
export class PublishedApi {
  readonly asked = new Set<FunctionName>();
  /** Warnings and errors that the functions wrote. */
  readonly logged: string[] = [];

  private constructor(
    private readonly engine: TestEngine,
    readonly eventBridge: EventBridge,
  ) {}

  static async start(): Promise<PublishedApi> {
    const eventBridge = new EventBridge();
    process.env['AWS_ENDPOINT_URL_EVENTBRIDGE'] = await eventBridge.start();
    return new PublishedApi(await startTestEngine(), eventBridge);
  }

  async stop(): Promise<void> {
    await this.eventBridge.stop();
    await this.engine.stop();
  }

  /** Calls a function; status, code, headers and body have to be those that are published. */
  async call(name: CalledFunction, { status, code, ...parts }: Call): Promise<Answer> {
    this.asked.add(name);
    const method = routeOf(name)!.method;
    const answer = await this.handlerOf(name)(apiEvent({ method, ...parts }), lambdaContext());
    const body = JSON.parse(answer.body ?? 'null');
    const headers = answer.headers ?? {};
    const faults = [
      ...answerFaults(name, status, String(headers['Content-Type']), body),
      ...headerFaults(name, status, headers),
    ];
    expectAnswer({ status: answer.statusCode, code: body.code, faults }, { status, code });
    return { body, headers };
  }

  /** A function that was started just now: it remembers no policy, quota or alert. */
  private handlerOf(name: CalledFunction): HttpHandler {
    const now = () => new Date();
    const write = (line: string) => void this.logged.push(line);
    const logger = createLogger({ service: name, stage: 'test', level: 'WARN', now, write });
    const { clients, controlTable, ledgerTable } = this.engine;
    const { policyStore, ...ports } = createGuardPorts(
      { LEDGER_TABLE: ledgerTable, CONTROL_TABLE: controlTable, ALERT_BUS: 'the-bus' },
      logger,
      clients,
    );
    return HANDLERS[name]({
      route: routeOf(name)!,
      tenantClaim: 'tenant',
      consoleUrl: 'https://console.example.com',
      logger,
      now,
      ports,
      policyStore,
      store: createAlertStore(clients, controlTable),
    });
  }
}
