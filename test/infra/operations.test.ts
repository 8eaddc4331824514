import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FUNCTION_NAMES } from '../../core/contract/functions';
import { NOT_SENT, NOT_STORED } from '../../lib/constructs/alert-faults';
import { ALARM_RUNBOOK, RUNBOOK_SECTIONS } from '../../lib/constructs/explained-alarm';
import { ALL_ALERT_ROUTES } from '../support/alert-routes';
import { synthesizeApp, type Json } from '../support/synthesized-app';

const synthesized = synthesizeApp('prod', {
  alarmEmail: 'on-call@example.com',
  ...ALL_ALERT_ROUTES,
});
const { resources } = synthesized;
const alarms = [...resources('AWS::CloudWatch::Alarm').values()].map(
  ({ Properties }) => Properties,
);
const runbook = readFileSync(join(__dirname, '..', '..', ALARM_RUNBOOK), 'utf8');
const [topicId, topic] =
  [...resources('AWS::SNS::Topic')].find(
    ([, { Properties }]) => Properties['TopicName'] === 'maestro-billing-prod-alarms',
  ) ?? [];

/** Headings as GitHub turns them into anchors. */
const headings = [...runbook.matchAll(/^## (.+)$/gm)].map(([, heading]) =>
  String(heading)
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .trim()
    .replaceAll(/\s+/g, '-'),
);

function alarmNamed(name: string): Json {
  return alarms.find((alarm) => alarm['AlarmName'] === `maestro-billing-prod-${name}`);
}

describe('alarms', () => {
  test.each(alarms.map((alarm) => [alarm['AlarmName'], alarm] as const))(
    '%s says what it means, links a section that exists, and reaches somebody',
    (_, alarm) => {
      const [, meaning, section] =
        /^(.{20,}\.) Runbook: docs\/maestro\/runbooks\/alarms\.md#([\w-]+)$/.exec(
          alarm['AlarmDescription'],
        ) ?? [];
      expect(meaning).toBeDefined();
      expect(headings).toContain(section);
      expect(alarm['AlarmActions']).toEqual([{ Ref: topicId }]);
      expect(alarm['OKActions']).toEqual([{ Ref: topicId }]);
    },
  );

  test('the runbook has a section for each alarm and none that no alarm links', () => {
    expect(headings.toSorted()).toEqual([...RUNBOOK_SECTIONS].toSorted());
    const linked = alarms.map((alarm) => alarm['AlarmDescription'].split('#')[1]);
    expect(new Set(linked)).toEqual(new Set(RUNBOOK_SECTIONS));
  });

  test('every function is watched for crashes, the hot ones for throttling', () => {
    const names = alarms.map((alarm) => alarm['AlarmName'].replace('maestro-billing-prod-', ''));
    expect(names).toEqual(expect.arrayContaining(FUNCTION_NAMES.map((name) => `${name}-errors`)));
    expect(names).toEqual(
      expect.arrayContaining(
        ['create-run', 'check-step', 'record-usage'].map((n) => `${n}-throttles`),
      ),
    );
  });

  test('every dead-letter queue is watched from its first message on', () => {
    const dead = [...resources('AWS::SQS::Queue')].filter(([id]) => id.includes('DeadLetters'));
    expect(dead).toHaveLength(5);
    for (const [id] of dead) {
      const alarm = alarms.find((one) =>
        one['Dimensions']?.some((dimension: Json) => dimension.Value['Fn::GetAtt']?.[0] === id),
      );
      expect(alarm).toMatchObject({
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Threshold: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      });
    }
  });

  test.each([
    ['sweeps', 'sweep-has-not-run'],
    ['looks for unsent alerts', 'send-alerts-has-not-run'],
  ])('silence is the trouble when %s stop', (_, name) => {
    expect(alarmNamed(name)).toMatchObject({
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      TreatMissingData: 'breaching',
    });
  });

  test('alerts that are lost or stuck are counted in the logs of the functions that write so', () => {
    const source = readFileSync(join(__dirname, '../../core/alerts/raise-alert.ts'), 'utf8');
    const filters = [...resources('AWS::Logs::MetricFilter').values()].map(
      ({ Properties }) => Properties,
    );
    const logsOf = (metric: string, message: string): string[] => {
      expect(source).toContain(`'${message}'`);
      return filters
        .filter(({ MetricTransformations: [to] }) => to.MetricName === metric)
        .map((filter) => {
          expect(filter['FilterPattern']).toBe(`"${message}"`);
          return resources('AWS::Logs::LogGroup')
            .get(filter['LogGroupName'].Ref)
            ?.Properties['LogGroupName'].replace('/aws/lambda/maestro-billing-prod-', '');
        })
        .toSorted();
    };
    expect(logsOf('AlertsNotStored', NOT_STORED)).toEqual([
      'check-step',
      'complete-run',
      'create-run',
      'record-usage',
      'sweep-account',
    ]);
    expect(logsOf('AlertsNotSent', NOT_SENT)).toEqual(['send-alerts']);
    expect(alarmNamed('alerts-not-stored')).toMatchObject({ MetricName: 'AlertsNotStored' });
    expect(alarmNamed('alerts-not-sent')).toMatchObject({ MetricName: 'AlertsNotSent' });
  });

  test('a percentage of few calls wakes nobody', () => {
    expect(alarmNamed('api-server-errors')['Metrics'][0].Expression).toContain('calls >= 20');
  });
});

describe('alarm topic', () => {
  test('is encrypted with a key that CloudWatch may use and that turns over', () => {
    const keyId = topic?.Properties['KmsMasterKeyId']['Fn::GetAtt'][0];
    const key = resources('AWS::KMS::Key').get(keyId);
    expect(key?.Properties['EnableKeyRotation']).toBe(true);
    expect(key?.Properties['KeyPolicy'].Statement).toContainEqual(
      expect.objectContaining({ Principal: { Service: 'cloudwatch.amazonaws.com' } }),
    );
  });

  test("lets this account's CloudWatch in", () => {
    const policy = [...resources('AWS::SNS::TopicPolicy').values()].find(
      ({ Properties }) => Properties['Topics'][0].Ref === topicId,
    );
    expect(policy?.Properties['PolicyDocument'].Statement).toContainEqual(
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    );
  });

  test('writes to the address that the stage names, to nobody without one', () => {
    const subscription = [...resources('AWS::SNS::Subscription').values()].find(
      ({ Properties }) => Properties['TopicArn'].Ref === topicId,
    );
    expect(subscription?.Properties).toMatchObject({
      Protocol: 'email',
      Endpoint: 'on-call@example.com',
    });
    expect([...synthesizeApp('dev').resources('AWS::SNS::Subscription').keys()]).toEqual([]);
  });
});

test('the dashboard shows every alarm', () => {
  const [dashboard] = resources('AWS::CloudWatch::Dashboard').values();
  const body = JSON.stringify(dashboard?.Properties['DashboardBody']);
  for (const id of resources('AWS::CloudWatch::Alarm').keys()) expect(body).toContain(id);
});

test("cdk-nag's AwsSolutions rules find nothing that is not acknowledged", () => {
  expect(synthesized.nagFindings()).toEqual([]);
});
