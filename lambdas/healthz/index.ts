import { createDynamoClients } from '../adapters/dynamodb/client';
import { readEnvironment } from '../env';
import { createLogger } from '../observability/logger';
import { createAskLedger } from './ask-ledger';
import { createHealthzHandler } from './handler';

const environment = readEnvironment('healthz', process.env);
const now = () => new Date();

export const handler = createHealthzHandler({
  askLedger: createAskLedger(createDynamoClients(), environment.LEDGER_TABLE),
  now,
  logger: createLogger({
    service: 'healthz',
    stage: environment.STAGE,
    level: environment.POWERTOOLS_LOG_LEVEL,
    now,
  }),
});
