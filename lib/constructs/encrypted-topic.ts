import { RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, type ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

export interface EncryptedTopicProps {
  readonly topicName: string;
  /** Sender of the mails, as people see it. */
  readonly displayName: string;
  /** What is published, for the description of the key. */
  readonly purpose: string;
  /** The service that publishes; it may use the key. The topic's own policy is up to the caller. */
  readonly publisher: ServicePrincipal;
  readonly emails: readonly string[];
}

/** A topic whose messages are encrypted at rest and that answers no plain HTTP. */
export class EncryptedTopic extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, props: EncryptedTopicProps) {
    super(scope, id);
    // A key of our own, because no service may use the one that AWS keeps for SNS.
    const key = new Key(this, 'Key', {
      description: props.purpose,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    key.addToResourcePolicy(
      new PolicyStatement({
        principals: [props.publisher],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
      }),
    );
    this.topic = new Topic(this, 'Topic', {
      topicName: props.topicName,
      displayName: props.displayName,
      masterKey: key,
      enforceSSL: true,
    });
    for (const email of props.emails) this.topic.addSubscription(new EmailSubscription(email));
  }
}
