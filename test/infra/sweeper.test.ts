import { synthesizeApp, type Json } from '../support/synthesized-app';

const { resources } = synthesizeApp('prod', { sweepRateMinutes: 5, sweepConcurrency: 9 });
const queues = resources('AWS::SQS::Queue');

function queueNamed(name: string): [string, Record<string, unknown>] {
  const found = [...queues].find(([, { Properties }]) => Properties['QueueName'] === name);
  if (found === undefined) throw new Error(`No queue ${name}`);
  return [found[0], found[1].Properties];
}

const [sweepId, sweep] = queueNamed('maestro-billing-prod-sweep');
const [deadId] = queueNamed('maestro-billing-prod-sweep-dead-letters');
const [scheduleDeadId] = queueNamed('maestro-billing-prod-schedule-dead-letters');

function scheduleNamed(name: string): Json {
  return [...resources('AWS::Scheduler::Schedule').values()].find(
    ({ Properties }) => Properties['Name'] === `maestro-billing-prod-${name}`,
  )?.Properties;
}

test('the scheduler starts sweep-plan, tries again, and keeps what it could not deliver', () => {
  expect(scheduleNamed('sweep')).toMatchObject({
    ScheduleExpression: 'rate(5 minutes)',
    Target: {
      Arn: { 'Fn::GetAtt': [expect.stringMatching(/^sweepplanFunction/), 'Arn'] },
      RetryPolicy: { MaximumRetryAttempts: 2 },
      DeadLetterConfig: { Arn: { 'Fn::GetAtt': [scheduleDeadId, 'Arn'] } },
    },
  });
});

test('send-alerts starts every minute, whatever the rate of sweeps', () => {
  expect(scheduleNamed('send-alerts')).toMatchObject({
    ScheduleExpression: 'rate(1 minute)',
    Target: {
      Arn: { 'Fn::GetAtt': [expect.stringMatching(/^sendalertsFunction/), 'Arn'] },
      DeadLetterConfig: { Arn: { 'Fn::GetAtt': [scheduleDeadId, 'Arn'] } },
    },
  });
});

test('a rate of one minute is spelled as the scheduler wants it', () => {
  const [schedule] = synthesizeApp('dev').resources('AWS::Scheduler::Schedule').values();
  expect(schedule?.Properties['ScheduleExpression']).toBe('rate(1 minute)');
});

test('a message that fails five times goes to the dead letters', () => {
  expect(sweep).toMatchObject({
    RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [deadId, 'Arn'] }, maxReceiveCount: 5 },
  });
});

test('sweep-account takes batches, reports single failures, and is bounded', () => {
  const mappings = [...resources('AWS::Lambda::EventSourceMapping').values()];
  expect(mappings.map(({ Properties }) => Properties)).toEqual([
    expect.objectContaining({
      EventSourceArn: { 'Fn::GetAtt': [sweepId, 'Arn'] },
      FunctionName: { Ref: expect.stringMatching(/^sweepaccountFunction/) },
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 9 },
    }),
  ]);
});

test('a message stays hidden for longer than the function can run', () => {
  const account = [...resources('AWS::Lambda::Function').values()].find(
    ({ Properties }) => Properties['FunctionName'] === 'maestro-billing-prod-sweep-account',
  );
  expect(sweep['VisibilityTimeout']).toBe(6 * account?.Properties['Timeout']);
});

test('every queue is encrypted and refuses plain HTTP', () => {
  const policies = [...resources('AWS::SQS::QueuePolicy').values()];
  for (const [id, { Properties }] of queues) {
    expect(Properties['SqsManagedSseEnabled']).toBe(true);
    const policy = policies.find((one) => one.Properties['Queues'][0].Ref === id);
    expect(policy?.Properties['PolicyDocument'].Statement).toContainEqual(
      expect.objectContaining({
        Effect: 'Deny',
        Action: 'sqs:*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    );
  }
});
