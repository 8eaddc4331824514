import { ALERT_TYPES } from '../../core/alerts/alert';
import { readStageSettings } from '../../lib/stage-settings';
import { transformed } from '../../local/events/transformer';
import { ALL_ALERT_ROUTES } from '../support/alert-routes';
import { eventOf, sampleAlerts } from '../support/sample-alerts';
import { synthesizeApp, type Json, type SynthesizedApp } from '../support/synthesized-app';

const all = synthesizeApp('prod', ALL_ALERT_ROUTES);
const chosen = synthesizeApp('prod', {
  alertArchiveDays: 400,
  alertPagerDuty: {
    routingKeySecret: 'key',
    serviceRegion: 'eu',
    severities: ['info', 'critical'],
    types: ['LEDGER_DRIFT'],
  },
  runbookBaseUrl: 'https://docs.example.com',
});

function ruleOf(route: string, { resources }: SynthesizedApp = all): Json {
  return [...resources('AWS::Events::Rule').values()].find(
    ({ Properties }) => Properties['Name'] === `maestro-billing-prod-alerts-${route}`,
  )?.Properties;
}

function targetOf(route: string): Json {
  const { Targets } = ruleOf(route);
  expect(Targets).toHaveLength(1);
  return Targets[0];
}

/** The resource that a `Ref` or `Fn::GetAtt` names. */
function resourceAt(type: string, reference: Json): Json {
  return all.resources(type).get(reference['Ref'] ?? reference['Fn::GetAtt'][0])?.Properties;
}

/** What a route sends for an event. */
function messageOf(route: string, event: Json): string {
  const { InputPathsMap: paths, InputTemplate: template } = targetOf(route).InputTransformer;
  return transformed({ paths, template }, event);
}

const ROUTES = ['email', 'pagerduty', 'webhook'] as const;

describe('the bus', () => {
  test('has the name of the stage, and keeps what was put on it', () => {
    const [[busId, bus] = []] = all.resources('AWS::Events::EventBus');
    const [archive] = all.resources('AWS::Events::Archive').values();
    expect(bus?.Properties['Name']).toBe('maestro-billing-prod-alerts');
    expect(archive?.Properties).toMatchObject({
      SourceArn: { 'Fn::GetAtt': [busId, 'Arn'] },
      EventPattern: { source: ['maestro.billing'] },
      RetentionDays: 90,
    });
    expect(all.stateless.findResources('AWS::Events::EventBus')).toEqual({});
  });

  test('forgets after as many days as the stage says', () => {
    const [archive] = chosen.resources('AWS::Events::Archive').values();
    expect(archive?.Properties['RetentionDays']).toBe(400);
  });
});

describe('rules', () => {
  test('without settings there are none, and nothing that costs', () => {
    const { resources } = synthesizeApp('prod');
    for (const type of ['Rule', 'ApiDestination', 'Connection']) {
      expect([...resources(`AWS::Events::${type}`).keys()]).toEqual([]);
    }
    expect(resources('AWS::SNS::Topic').size).toBe(1);
  });

  test.each([
    ['alertEmail', 'email'],
    ['alertPagerDuty', 'pagerduty'],
    ['alertWebhook', 'webhook'],
  ] as const)('%s alone makes the route %s alone', (setting, route) => {
    const own = synthesizeApp('prod', {
      [setting]: ALL_ALERT_ROUTES[setting],
      runbookBaseUrl: ALL_ALERT_ROUTES.runbookBaseUrl,
    });
    expect(ruleOf(route, own)).toBeDefined();
    expect(own.resources('AWS::Events::Rule').size).toBe(1);
    expect(own.nagFindings()).toEqual([]);
  });

  test.each([
    ['email', ['warning', 'critical']],
    ['pagerduty', ['critical']],
    ['webhook', ['warning', 'critical']],
  ])('%s takes %p of every type by default', (route, severity) => {
    expect(ruleOf(route).EventPattern).toEqual({
      source: ['maestro.billing'],
      detail: { severity },
    });
  });

  test('severities and types can be chosen', () => {
    expect(ruleOf('pagerduty', chosen).EventPattern).toEqual({
      source: ['maestro.billing'],
      'detail-type': ['LEDGER_DRIFT'],
      detail: { severity: ['info', 'critical'] },
    });
  });

  test.each(ROUTES)(
    '%s listens to the bus, tries again, and keeps what it cannot deliver',
    (route) => {
      expect(ruleOf(route)).toMatchObject({
        State: 'ENABLED',
        EventBusName: { 'Fn::ImportValue': expect.stringContaining('AlertsBus') },
      });
      const target = targetOf(route);
      expect(target.RetryPolicy).toEqual({
        MaximumRetryAttempts: 185,
        MaximumEventAgeInSeconds: 3600,
      });
      expect(resourceAt('AWS::SQS::Queue', target.DeadLetterConfig.Arn)).toMatchObject({
        QueueName: `maestro-billing-prod-alerts-${route}-dead-letters`,
        SqsManagedSseEnabled: true,
      });
    },
  );

  test.each(ROUTES)('only the rule of %s may write its dead letters', (route) => {
    const [queueId] = targetOf(route).DeadLetterConfig.Arn['Fn::GetAtt'];
    const policy = [...all.resources('AWS::SQS::QueuePolicy').values()].find(
      ({ Properties }) => Properties['Queues'][0].Ref === queueId,
    );
    const allowed = policy?.Properties['PolicyDocument'].Statement.filter(
      ({ Effect }: Json) => Effect === 'Allow',
    );
    const ruleId = expect.stringMatching(new RegExp(`^AlertRouting${route}RouteRule`));
    expect(allowed).toEqual([
      expect.objectContaining({
        Action: 'sqs:SendMessage',
        Principal: { Service: 'events.amazonaws.com' },
        Condition: { ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [ruleId, 'Arn'] } } },
      }),
    ]);
  });
});

describe('targets', () => {
  test.each([
    ['pagerduty', 'https://events.pagerduty.com/v2/enqueue'],
    [
      'webhook',
      'https://hooks.slack.com/services/{{resolve:secretsmanager:maestro-billing/webhook:SecretString:::}}',
    ],
  ])('%s is a POST to %s, by a role that may do nothing else', (route, endpoint) => {
    const { Arn, RoleArn } = targetOf(route);
    expect(resourceAt('AWS::Events::ApiDestination', Arn)).toMatchObject({
      HttpMethod: 'POST',
      InvocationEndpoint: endpoint,
    });
    const [roleId] = RoleArn['Fn::GetAtt'];
    const trust = resourceAt('AWS::IAM::Role', RoleArn).AssumeRolePolicyDocument.Statement;
    expect(trust).toEqual([
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { Service: 'events.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      },
    ]);
    const statements = [...all.resources('AWS::IAM::Policy').values()]
      .filter(({ Properties }) => Properties['Roles'].some((one: Json) => one.Ref === roleId))
      .flatMap(({ Properties }) => Properties['PolicyDocument'].Statement);
    expect(statements).toEqual([
      { Effect: 'Allow', Action: 'events:InvokeApiDestination', Resource: Arn },
    ]);
  });

  test('PagerDuty of the European service region has another address', () => {
    const [destination] = chosen.resources('AWS::Events::ApiDestination').values();
    expect(destination?.Properties['InvocationEndpoint']).toBe(
      'https://events.eu.pagerduty.com/v2/enqueue',
    );
  });

  test('the connection adds the routing key to the body, from Secrets Manager', () => {
    const destination = resourceAt('AWS::Events::ApiDestination', targetOf('pagerduty').Arn);
    const connection = resourceAt('AWS::Events::Connection', destination.ConnectionArn);
    expect(connection.AuthParameters.InvocationHttpParameters).toEqual({
      BodyParameters: [
        {
          Key: 'routing_key',
          Value: '{{resolve:secretsmanager:maestro-billing/pagerduty:SecretString:::}}',
          IsValueSecret: true,
        },
      ],
    });
  });

  test('mails go to an encrypted topic that EventBridge may use, to each address', () => {
    const topic = resourceAt('AWS::SNS::Topic', targetOf('email').Arn);
    const key = resourceAt('AWS::KMS::Key', topic.KmsMasterKeyId);
    expect(key.KeyPolicy.Statement).toContainEqual(
      expect.objectContaining({ Principal: { Service: 'events.amazonaws.com' } }),
    );
    const addresses = [...all.resources('AWS::SNS::Subscription').values()].map(
      ({ Properties }) => Properties['Endpoint'],
    );
    expect(addresses).toEqual(['billing@example.com', 'finance@example.com']);
  });
});

describe('messages', () => {
  test('PagerDuty gets its own form', async () => {
    const hardCap = (await sampleAlerts()).find(({ type }) => type === 'BUDGET_HARD_CAP_HIT');
    if (hardCap === undefined) throw new Error('no hard cap among the samples');
    const event = eventOf(hardCap);
    expect(JSON.parse(messageOf('pagerduty', event))).toEqual({
      event_action: 'trigger',
      dedup_key: hardCap.alertId,
      client: 'Maestro Billing prod',
      payload: {
        summary: hardCap.summary,
        source: 'maestro-billing-prod',
        severity: 'critical',
        timestamp: '2026-11-23T12:00:05.000Z',
        component: 'budget-guard',
        group: 'acme',
        class: 'BUDGET_HARD_CAP_HIT',
        custom_details: event.detail,
      },
      links: [
        {
          href: 'https://docs.example.com/docs/maestro/runbooks/budget-override',
          text: 'Runbook',
        },
      ],
    });
    expect(event.detail).toMatchObject({
      runId: 'run-17',
      stepId: 'summarise-3',
      requestedUSD: '0.05',
    });
  });

  test('every alert makes messages that can be read, for people and machines', async () => {
    const alerts = await sampleAlerts();
    expect(new Set(alerts.map(({ type }) => type))).toEqual(new Set(ALERT_TYPES));
    for (const alert of alerts) {
      const event = eventOf(alert);
      expect(JSON.parse(messageOf('pagerduty', event)).payload.summary).toBe(alert.summary);
      const link = `https://docs.example.com${alert.runbook}`;
      expect(JSON.parse(messageOf('webhook', event))).toEqual({
        text: [
          `*${alert.severity}* ${alert.summary}`,
          `${alert.type}, Maestro Billing prod, alert ${alert.alertId}`,
          link,
        ].join('\n'),
      });
      expect(messageOf('email', event).split('\n')).toEqual([
        `"${alert.severity}: ${alert.summary}"`,
        `"${alert.type} at 2026-11-23T12:00:05.000Z, tenant ${alert.tenant}, alert ${alert.alertId}"`,
        `"What to do: ${link}"`,
        '"Sent by Maestro Billing, prod"',
      ]);
    }
  });

  test('no value that stands inside a text can break it', async () => {
    for (const alert of await sampleAlerts()) {
      const { tenant, alertId, type, severity, summary, runbook, occurredAt } = alert;
      for (const value of [tenant, alertId, type, severity, summary, runbook, occurredAt]) {
        expect(value).toMatch(/^[^"\\<>\n]+$/);
      }
      // PagerDuty cuts longer ones off.
      expect(summary.length).toBeLessThanOrEqual(1024);
    }
  });
});

describe('settings', () => {
  const read = (settings: Record<string, unknown>) =>
    readStageSettings((key) => ({ stages: { dev: settings } })[key]);

  test('routes get their defaults', () => {
    expect(read(ALL_ALERT_ROUTES)).toMatchObject({
      alertEmail: { severities: ['warning', 'critical'] },
      alertPagerDuty: { severities: ['critical'], serviceRegion: 'us' },
      alertWebhook: { urlPrefix: 'https://hooks.slack.com/services/' },
      alertArchiveDays: 14,
    });
    expect(read({})).not.toHaveProperty('alertPagerDuty');
  });

  test.each([
    [{ alertEmail: {} }, /alertEmail must be .*to \(which is missing\)/],
    [{ alertEmail: { to: ['nobody'] } }, /to: a list of 1 to 20, none twice, each an e-mail/],
    [{ alertEmail: { to: ['a@b.c', 'a@b.c'] } }, /none twice/],
    [{ alertPagerDuty: { routingKeySecret: '' } }, /routingKeySecret: the name or ARN of a secret/],
    [
      { alertPagerDuty: { routingKeySecret: 'k', severities: ['error'] } },
      /info, warning, critical/,
    ],
    [{ alertPagerDuty: { routingKeySecret: 'k', types: [] } }, /types: a list of 1 to/],
    [
      { alertPagerDuty: { routingKeySecret: 'k', routingKey: 'k' } },
      /no routingKey, which is not a/,
    ],
    [{ alertWebhook: { urlSecret: 'u', urlPrefix: 'http://hooks.example.com/' } }, /https address/],
    [{ alertWebhook: 'https://hooks.example.com/secret' }, /alertWebhook must be an object/],
    [{ runbookBaseUrl: 'https://docs.example.com/' }, /runbookBaseUrl must be .* without a slash/],
    [{ alertArchiveDays: 0 }, /alertArchiveDays must be a whole number/],
  ])('%j is refused', (settings, problem) => {
    expect(() => read(settings)).toThrow(problem);
  });

  test('a route without a place for the runbooks is refused', () => {
    const { runbookBaseUrl: _, ...routes } = ALL_ALERT_ROUTES;
    expect(() => read(routes)).toThrow(
      'runbookBaseUrl must be set with alertEmail, alertPagerDuty, alertWebhook',
    );
  });
});
