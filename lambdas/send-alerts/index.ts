import { createDynamoClients } from '../adapters/dynamodb/client';
import { createAlertPorts } from '../composition/alert-ports';
import { readEnvironment } from '../env';
import { createLogger } from '../observability/logger';
import { createSendAlertsHandler } from './handler';

const environment = readEnvironment('send-alerts', process.env);

const logger = createLogger({
  service: 'send-alerts',
  stage: environment.STAGE,
  level: environment.POWERTOOLS_LOG_LEVEL,
  now: () => new Date(),
});

export const handler = createSendAlertsHandler({
  ports: createAlertPorts({
    clients: createDynamoClients(),
    controlTable: environment.CONTROL_TABLE,
    bus: environment.ALERT_BUS,
    logger,
  }),
  logger,
});
