import { createGuardPorts } from '../composition/guard-ports';
import { readEnvironment } from '../env';
import { createLogger } from '../observability/logger';
import { createSweepAccountHandler } from './handler';

const environment = readEnvironment('sweep-account', process.env);

const logger = createLogger({
  service: 'sweep-account',
  stage: environment.STAGE,
  level: environment.POWERTOOLS_LOG_LEVEL,
  now: () => new Date(),
});

export const handler = createSweepAccountHandler({
  ports: createGuardPorts(environment, logger),
  logger,
});
