import { apiEvent, lambdaContext, type EventParts } from '../../support/api-event';
import type { GuardFunction, GuardHandlers } from './guard-handlers';
import { BODIES } from './operations';

type Event = ReturnType<typeof apiEvent>;

/** A call that is ready to be made: its event is built before anything is timed. */
export interface GuardCall {
  /** @throws Error when the answer has another status than the one expected */
  send(): Promise<void>;
}

/** The calls of one tenant, made on the handlers themselves with events as API Gateway sends them. */
export class GuardCalls {
  private readonly claims: Readonly<Record<string, string>>;

  constructor(
    private readonly handlers: GuardHandlers,
    private readonly tenant: string,
  ) {
    this.claims = { sub: 'bench', tenant, scope: 'maestro/run maestro/read' };
  }

  checkRun(runId: string): GuardCall {
    return this.call('create-run', 201, { body: BODIES.run(this.tenant, runId) });
  }

  /** With room for any number of steps. */
  checkRoomyRun(runId: string): GuardCall {
    return this.call('create-run', 201, { body: BODIES.roomyRun(this.tenant, runId) });
  }

  askTooMuch(runId: string): GuardCall {
    return this.call('create-run', 402, { body: BODIES.tooLargeRun(this.tenant, runId) });
  }

  checkStep(runId: string, stepId: string): GuardCall {
    return this.call('check-step', 201, { path: { runId }, body: BODIES.step(stepId) });
  }

  /** More than its run has reserved, so that the run has to be extended. */
  checkDearStep(runId: string, stepId: string): GuardCall {
    return this.call('check-step', 201, {
      path: { runId },
      body: { stepId, estimatedCostUSD: '2000' },
    });
  }

  /** Of the thousandth part of a cent: many of them fit into a small run. */
  checkCheapStep(runId: string, stepId: string): GuardCall {
    return this.call('check-step', 201, {
      path: { runId },
      body: { ...BODIES.step(stepId), estimatedCostUSD: '0.00001' },
    });
  }

  /** Without tokens or model: what the step has cost is said. */
  reportCost(runId: string, stepId: string): GuardCall {
    return this.call('record-usage', 201, {
      path: { runId, stepId },
      body: { costUSD: '1500' },
    });
  }

  reportUsage(runId: string, stepId: string): GuardCall {
    return this.call('record-usage', 201, { path: { runId, stepId }, body: BODIES.usage });
  }

  complete(runId: string): GuardCall {
    return this.call('complete-run', 200, { path: { runId }, body: BODIES.completion });
  }

  private call(name: GuardFunction, status: number, parts: EventParts): GuardCall {
    const event: Event = apiEvent({ ...parts, claims: this.claims });
    const handler = this.handlers[name];
    const context = lambdaContext();
    return {
      send: async () => {
        const answer = await handler(event, context);
        if (answer.statusCode === status) return;
        throw new Error(`${name}: ${answer.statusCode} for ${status}\n${answer.body}`);
      },
    };
  }
}
