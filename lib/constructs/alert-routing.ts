import { SecretValue } from 'aws-cdk-lib';
import {
  ApiDestination,
  Authorization,
  Connection,
  HttpMethod,
  HttpParameter,
  type IEventBus,
  type RuleTargetInput,
} from 'aws-cdk-lib/aws-events';
import { ApiDestination as ApiDestinationTarget, SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { emailMessage, pagerDutyMessage, webhookMessage } from '../alert-messages';
import type { EmailRoute, PagerDutyRoute, WebhookRoute } from '../alert-settings';
import type { StageSettings } from '../stage-settings';
import { AlertRoute, deliveryRole, type AlertRouteProps } from './alert-route';
import { EncryptedTopic } from './encrypted-topic';

const PAGERDUTY_HOSTS = { us: 'events.pagerduty.com', eu: 'events.eu.pagerduty.com' } as const;

export interface AlertRoutingProps {
  readonly settings: StageSettings;
  readonly bus: IEventBus;
}

/** Takes alerts from the bus to those whom the stage's settings name. */
export class AlertRouting extends Construct {
  readonly routes: AlertRoute[] = [];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: AlertRoutingProps,
  ) {
    super(scope, id);
    const { alertEmail, alertPagerDuty, alertWebhook } = props.settings;
    if (alertEmail !== undefined) this.toEmail(alertEmail);
    if (alertPagerDuty !== undefined) this.toPagerDuty(alertPagerDuty);
    if (alertWebhook !== undefined) this.toWebhook(alertWebhook);
  }

  private toEmail(route: EmailRoute): void {
    const { stage } = this.props.settings;
    const { topic } = new EncryptedTopic(this, 'EmailTopic', {
      topicName: `maestro-billing-${stage}-alerts`,
      displayName: `Maestro Billing ${stage}`,
      purpose: `Alerts of Maestro Billing by e-mail, ${stage}`,
      // Without conditions: EventBridge does not support them in the policy of a topic.
      publisher: new ServicePrincipal('events.amazonaws.com'),
      emails: route.to,
    });
    this.add({
      name: 'email',
      selection: route,
      meaningOfDeadLetters: 'Alerts could not be handed to SNS: nobody got a mail about them.',
      runbook: 'alert-email-dead-letters',
      target: (delivery) =>
        new SnsTopic(topic, { ...delivery, message: emailMessage(this.message) }),
    });
  }

  private toPagerDuty(route: PagerDutyRoute): void {
    this.toApi({
      name: 'pagerduty',
      selection: route,
      meaningOfDeadLetters: 'PagerDuty did not take an alert: nobody was paged for it.',
      runbook: 'alert-pagerduty-dead-letters',
      endpoint: `https://${PAGERDUTY_HOSTS[route.serviceRegion]}/v2/enqueue`,
      // PagerDuty wants its key in the body.
      bodyParameters: {
        routing_key: HttpParameter.fromSecret(SecretValue.secretsManager(route.routingKeySecret)),
      },
      callsPerSecond: 10,
      message: pagerDutyMessage(this.message),
    });
  }

  private toWebhook(route: WebhookRoute): void {
    // The secret is part of the address, and an address cannot be hidden from those who may
    // describe API destinations. It is kept out of the template and of the repository.
    const secretPart = SecretValue.secretsManager(route.urlSecret).unsafeUnwrap();
    this.toApi({
      name: 'webhook',
      selection: route,
      meaningOfDeadLetters: 'The webhook did not take an alert: it is missing from the channel.',
      runbook: 'alert-webhook-dead-letters',
      endpoint: `${route.urlPrefix}${secretPart}`,
      // Slack's own bound for a webhook.
      callsPerSecond: 1,
      message: webhookMessage(this.message),
    });
  }

  private toApi(
    api: Omit<AlertRouteProps, 'stage' | 'bus' | 'target'> & {
      readonly endpoint: string;
      readonly bodyParameters?: Record<string, HttpParameter>;
      readonly callsPerSecond: number;
      readonly message: RuleTargetInput;
    },
  ): void {
    const { stage } = this.props.settings;
    const name = `maestro-billing-${stage}-${api.name}`;
    const connection = new Connection(this, `${api.name}Connection`, {
      connectionName: name,
      description: `Alerts of Maestro Billing to ${api.name}`,
      // A connection must authorize itself somehow; what counts here is in the body or the URL.
      authorization: Authorization.apiKey(
        'x-maestro-billing-stage',
        SecretValue.unsafePlainText(stage),
      ),
      bodyParameters: api.bodyParameters,
    });
    const destination = new ApiDestination(this, `${api.name}Destination`, {
      apiDestinationName: name,
      description: `Alerts of Maestro Billing to ${api.name}`,
      connection,
      endpoint: api.endpoint,
      httpMethod: HttpMethod.POST,
      rateLimitPerSecond: api.callsPerSecond,
    });
    const eventRole = deliveryRole(this, `${api.name}Role`);
    this.add({
      ...api,
      target: (delivery) =>
        new ApiDestinationTarget(destination, { ...delivery, eventRole, event: api.message }),
    });
  }

  private add(route: Omit<AlertRouteProps, 'stage' | 'bus'>): void {
    const { settings, bus } = this.props;
    this.routes.push(
      new AlertRoute(this, `${route.name}Route`, { ...route, stage: settings.stage, bus }),
    );
  }

  private get message() {
    const { stage, runbookBaseUrl } = this.props.settings;
    if (runbookBaseUrl === undefined) throw new Error('Settings with a route have runbookBaseUrl');
    return { stage, runbookBaseUrl };
  }
}
