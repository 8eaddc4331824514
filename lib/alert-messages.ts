import { EventField, RuleTargetInput } from 'aws-cdk-lib/aws-events';

/*
 * What each route makes of an event. EventBridge puts values into a template as they are, without
 * escaping, so none that may hold a quotation mark or be null stands inside a text: those go as
 * whole JSON values (`detail`) or not at all.
 */

const detail = (field: string): string => EventField.fromPath(`$.detail.${field}`);
const type = EventField.detailType;

export interface AlertMessageProps {
  readonly stage: string;
  /** Without a slash at the end; the event's `runbook` begins with one. */
  readonly runbookBaseUrl: string;
}

const runbookOf = ({ runbookBaseUrl }: AlertMessageProps): string =>
  `${runbookBaseUrl}${detail('runbook')}`;

/**
 * An event of PagerDuty's Events API v2, but for the routing key, which the connection adds. Alerts
 * have PagerDuty's own names of severities; those of one id meet in one incident.
 */
export function pagerDutyMessage(props: AlertMessageProps): RuleTargetInput {
  return RuleTargetInput.fromObject({
    event_action: 'trigger',
    dedup_key: detail('alertId'),
    client: `Maestro Billing ${props.stage}`,
    payload: {
      summary: detail('summary'),
      source: `maestro-billing-${props.stage}`,
      severity: detail('severity'),
      timestamp: detail('occurredAt'),
      component: 'budget-guard',
      group: detail('tenant'),
      class: type,
      custom_details: EventField.fromPath('$.detail'),
    },
    links: [{ href: runbookOf(props), text: 'Runbook' }],
  });
}

/** What Slack's incoming webhooks and their many likes take. */
export function webhookMessage(props: AlertMessageProps): RuleTargetInput {
  const lines = [
    `*${detail('severity')}* ${detail('summary')}`,
    `${type}, Maestro Billing ${props.stage}, alert ${detail('alertId')}`,
    runbookOf(props),
  ];
  return RuleTargetInput.fromObject({ text: lines.join('\n') });
}

/** Lines for people; SNS shows each in quotation marks, since EventBridge wants JSON. */
export function emailMessage(props: AlertMessageProps): RuleTargetInput {
  const lines = [
    `${detail('severity')}: ${detail('summary')}`,
    `${type} at ${detail('occurredAt')}, tenant ${detail('tenant')}, alert ${detail('alertId')}`,
    `What to do: ${runbookOf(props)}`,
    `Sent by Maestro Billing, ${props.stage}`,
  ];
  return RuleTargetInput.fromMultilineText(lines.join('\n'));
}
