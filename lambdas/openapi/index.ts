import { readEnvironment } from '../env';
import { createLogger } from '../observability/logger';
import { createOpenApiHandler } from './handler';
import document from './openapi.generated.json';

const environment = readEnvironment('openapi', process.env);
const now = () => new Date();

export const handler = createOpenApiHandler({
  document,
  now,
  logger: createLogger({
    service: 'openapi',
    stage: environment.STAGE,
    level: environment.POWERTOOLS_LOG_LEVEL,
    now,
  }),
});
