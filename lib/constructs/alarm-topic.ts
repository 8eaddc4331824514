import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { StageSettings } from '../stage-settings';
import { EncryptedTopic } from './encrypted-topic';

/** Where alarms go: encrypted, written to by this account's CloudWatch alone. */
export class AlarmTopic extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, settings: StageSettings) {
    super(scope, id);
    const cloudWatch = new ServicePrincipal('cloudwatch.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
    });
    this.topic = new EncryptedTopic(this, 'Encrypted', {
      topicName: `maestro-billing-${settings.stage}-alarms`,
      displayName: `Maestro Billing ${settings.stage}`,
      purpose: `Alarms of Maestro Billing, ${settings.stage}`,
      publisher: cloudWatch,
      emails: settings.alarmEmail === undefined ? [] : [settings.alarmEmail],
    }).topic;
    // A topic policy of one's own replaces the standing one that lets the account's alarms in.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        principals: [cloudWatch],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
      }),
    );
  }
}
