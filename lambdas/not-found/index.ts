import { readEnvironment } from '../env';
import { createLogger } from '../observability/logger';
import { createNotFoundHandler } from './handler';

const environment = readEnvironment('not-found', process.env);
const now = () => new Date();

export const handler = createNotFoundHandler({
  now,
  logger: createLogger({
    service: 'not-found',
    stage: environment.STAGE,
    level: environment.POWERTOOLS_LOG_LEVEL,
    now,
  }),
});
