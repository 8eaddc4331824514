import { StartFault } from '../start-fault';
import type { FunctionDefinition } from './functions';
import { resourcesOf } from './resources';
import type { Resolver } from './resolver';
import type { JsonObject } from './template';

export interface QueueDefinition {
  readonly name: string;
  readonly arn: string;
  /** After so many failed receives a message goes to the dead-letter queue; infinite without one. */
  readonly maxReceiveCount: number;
  readonly deadLetterArn?: string;
}

/** A function that is fed from a queue. */
export interface QueueMapping {
  readonly queueArn: string;
  readonly functionName: string;
  readonly batchSize: number;
  /** Batches handled at once. */
  readonly maximumConcurrency: number;
  readonly reportsItemFailures: boolean;
}

const DEFAULT_BATCH_SIZE = 10;
/** What Lambda starts with when a mapping sets no bound. */
const DEFAULT_CONCURRENCY = 5;

/** The queues of the app, dead-letter queues among them. */
export function readQueues(resolver: Resolver): QueueDefinition[] {
  return resourcesOf(resolver, 'AWS::SQS::Queue').map(({ stack, logicalId, resource }) => {
    const redrive = resolver.resolve(resource.Properties?.['RedrivePolicy'], stack) as
      JsonObject | undefined;
    const deadLetterArn = redrive?.['deadLetterTargetArn'];
    return {
      name: resolver.physicalName(stack, logicalId),
      arn: resolver.text({ 'Fn::GetAtt': [logicalId, 'Arn'] }, stack),
      maxReceiveCount: Number(redrive?.['maxReceiveCount'] ?? Number.POSITIVE_INFINITY),
      ...(typeof deadLetterArn === 'string' && { deadLetterArn }),
    };
  });
}

/**
 * The event source mappings whose source is a queue.
 * @throws StartFault when a mapping feeds something that is not one of the functions.
 */
export function readQueueMappings(
  resolver: Resolver,
  functions: readonly FunctionDefinition[],
): QueueMapping[] {
  return resourcesOf(resolver, 'AWS::Lambda::EventSourceMapping').flatMap(
    ({ stack, logicalId, resource }) => {
      const properties = resolver.properties(resource, stack);
      const queueArn = String(properties['EventSourceArn']);
      if (!queueArn.startsWith('arn:aws:sqs:')) return [];
      const target = String(properties['FunctionName']);
      const found = functions.find(({ name, arn }) => target === name || target === arn);
      if (found === undefined) {
        throw new StartFault(`Mapping ${logicalId} of stack ${stack.id} feeds no known function.`);
      }
      const scaling = properties['ScalingConfig'] as JsonObject | undefined;
      const responseTypes = (properties['FunctionResponseTypes'] ?? []) as string[];
      return [
        {
          queueArn,
          functionName: found.name,
          batchSize: Number(properties['BatchSize'] ?? DEFAULT_BATCH_SIZE),
          maximumConcurrency: Number(scaling?.['MaximumConcurrency'] ?? DEFAULT_CONCURRENCY),
          reportsItemFailures: responseTypes.includes('ReportBatchItemFailures'),
        },
      ];
    },
  );
}
