import { SQSClient } from '@aws-sdk/client-sqs';
import { createDynamoClients } from '../adapters/dynamodb/client';
import { createMonthDirectory } from '../adapters/dynamodb/month-directory';
import { createQueueSender } from '../adapters/sqs/sweep-queue';
import { readEnvironment } from '../env';
import { createLogger } from '../observability/logger';
import { createSweepPlanHandler, type SweepMessage } from './handler';

const environment = readEnvironment('sweep-plan', process.env);

export const handler = createSweepPlanHandler({
  directory: createMonthDirectory(createDynamoClients().retrying, environment.CONTROL_TABLE),
  send: createQueueSender<SweepMessage>(new SQSClient(), environment.SWEEP_QUEUE_URL),
  logger: createLogger({
    service: 'sweep-plan',
    stage: environment.STAGE,
    level: environment.POWERTOOLS_LOG_LEVEL,
    now: () => new Date(),
  }),
});
