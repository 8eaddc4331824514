import { createPublicHandler, type HttpHandler } from '../http/api-handler';
import { json } from '../http/reply';
import type { Logger } from '../observability/logger';

export interface OpenApiDeps {
  readonly document: object;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** `GET /openapi.json`: the description of the interface. */
export function createOpenApiHandler({ document, logger, now }: OpenApiDeps): HttpHandler {
  const reply = json(200, document, { 'Cache-Control': 'public, max-age=300' });
  return createPublicHandler({ logger, now, handle: async () => reply });
}
