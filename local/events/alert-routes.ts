import type { EventRule, RuleTarget } from '../assembly/event-rules';
import type { Json } from '../assembly/template';
import { matchesPattern } from './pattern';
import { transformed } from './transformer';

/** An event as EventBridge hands it to rules. */
export interface BusEvent {
  readonly id: string;
  readonly source: string;
  readonly 'detail-type': string;
  readonly time: string;
  readonly region: string;
  readonly account: string;
  readonly detail: Json;
}

const POST_PATIENCE_MS = 5_000;

/** What stands in for the routing key, which only the cloud knows. */
const LOCAL_ROUTING_KEY = 'local-routing-key';

/**
 * Takes events through the rules of the synthesized app: each is shown, with the routes that it
 * would have taken, and what PagerDuty would get is posted to the alert webhook, if there is one.
 */
export class AlertRoutes {
  private readonly posts = new Set<Promise<void>>();

  constructor(
    private readonly rules: readonly EventRule[],
    private readonly options: {
      readonly webhook: string | undefined;
      readonly say: (line: string) => void;
    },
  ) {}

  take(bus: string, event: BusEvent): void {
    const asJson = event as unknown as Json;
    const matching = this.rules.filter(
      (rule) => rule.bus === bus && matchesPattern(rule.pattern, asJson),
    );
    const targets = matching.flatMap((rule) => rule.targets);
    this.options.say(lineOf(event, targets));
    for (const target of targets) this.deliver(target, asJson);
  }

  /** Resolves once every post has come to an end. */
  async settle(): Promise<void> {
    await Promise.all(this.posts);
  }

  private deliver(target: RuleTarget, event: Json): void {
    const { webhook } = this.options;
    if (target.kind !== 'pagerduty' || target.transformer === undefined) return;
    if (webhook === undefined) return;
    const body: Json = JSON.parse(transformed(target.transformer, event));
    const post = this.post(webhook, { routing_key: LOCAL_ROUTING_KEY, ...(body as object) });
    this.posts.add(post);
    void post.finally(() => this.posts.delete(post));
  }

  private async post(url: string, body: object): Promise<void> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(POST_PATIENCE_MS),
      });
      if (!response.ok) this.options.say(`the alert webhook answered ${response.status}`);
    } catch (error) {
      this.options.say(`the alert webhook did not answer: ${String(error)}`);
    }
  }
}

function lineOf(event: BusEvent, targets: readonly RuleTarget[]): string {
  const detail = event.detail as {
    readonly severity?: string;
    readonly summary?: string;
    readonly runbook?: string;
  };
  const kinds = [...new Set(targets.map(({ kind }) => kind))];
  const route = kinds.length === 0 ? 'no route' : `to ${kinds.join(', ')}`;
  const { severity = 'info', summary = '', runbook = '' } = detail;
  return `alert  ${severity}  ${event['detail-type']}  ${summary}  (${route}; ${runbook})`;
}
