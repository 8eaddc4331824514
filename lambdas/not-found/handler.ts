import { BASE_PATH, FUNCTION_NAMES, routeOf, type HttpRoute } from '../../core/contract/functions';
import { createPublicHandler, type HttpHandler } from '../http/api-handler';
import { problem } from '../http/problem';
import type { Logger } from '../observability/logger';

export interface NotFoundDeps {
  readonly logger: Logger;
  readonly now: () => Date;
}

interface KnownPath {
  readonly pattern: RegExp;
  readonly method: HttpRoute['method'];
}

/** Answers what no route took: 405 where the path has other methods, else 404. */
export function createNotFoundHandler({ logger, now }: NotFoundDeps): HttpHandler {
  const known = FUNCTION_NAMES.flatMap((name) => routeOf(name) ?? []).map(knownPath);
  return createPublicHandler({
    logger,
    now,
    handle: async ({ rawPath, method }) => {
      const methods = known
        .filter(({ pattern }) => pattern.test(rawPath))
        .map((each) => each.method);
      if (methods.length === 0) return problem('NOT_FOUND', 'There is nothing at this path.');
      const allowed = methods.toSorted().join(', ');
      const detail = `This path takes ${allowed}, not ${method}.`;
      return problem('METHOD_NOT_ALLOWED', detail, {}, { Allow: allowed });
    },
  });
}

function knownPath({ path, method }: HttpRoute): KnownPath {
  const literal = `${BASE_PATH}${path}`.replaceAll('.', '\\.');
  return { method, pattern: new RegExp(`^${literal.replace(/\{\w+\}/g, '[^/]+')}$`) };
}
