import middy from '@middy/core';
import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyEventV2WithJWTAuthorizer,
  APIGatewayProxyStructuredResultV2,
  Context,
} from 'aws-lambda';
import type { HttpRoute } from '../../core/contract/functions';
import { LedgerUnavailableError, ReplyLostError } from '../../core/ledger/faults';
import type { Logger } from '../observability/logger';
import { readCaller, type Caller } from './caller';
import { invalidRequest, ledgerUnavailable, problem, type ProblemReply } from './problem';
import type { Reply } from './reply';
import { headerOf, readInput, type RequestInput, type RequestSchemas } from './request-input';

/** What every request has, with or without a token. */
export interface RequestFacts {
  readonly method: string;
  /** Path as called, with the base path. */
  readonly rawPath: string;
  readonly requestId: string;
  readonly now: Date;
  header(name: string): string | undefined;
}

/** A request whose token, scopes, path, query and body have been checked. */
export interface ApiRequest<P, Q, B> extends RequestFacts, RequestInput<P, Q, B> {
  readonly caller: Caller;
}

export type HttpHandler = (
  event: APIGatewayProxyEventV2,
  context: Context,
) => Promise<APIGatewayProxyStructuredResultV2>;

interface ExchangeOptions {
  readonly logger: Logger;
  readonly now: () => Date;
}

export interface ApiHandlerOptions<P, Q, B> extends ExchangeOptions {
  readonly route: HttpRoute;
  /** Name of the JWT claim that carries the tenant. */
  readonly tenantClaim: string;
  readonly schemas: RequestSchemas<P, Q, B>;
  /** Refusals are replies; a throw is a fault, answered 503 or 500 without its inner parts. */
  readonly handle: (request: ApiRequest<P, Q, B>) => Promise<Reply>;
}

export interface PublicHandlerOptions extends ExchangeOptions {
  readonly handle: (facts: RequestFacts) => Promise<Reply>;
}

/** So much time is left to answer when the function is about to be stopped. */
const TIME_TO_ANSWER_MS = 250;

/**
 * The Lambda handler of a route with a token. In this order: token (401), scopes and tenant claim
 * (403), path, query and body (400), then `handle`. One access-log line for each request.
 */
export function createApiHandler<P = object, Q = object, B = undefined>(
  options: ApiHandlerOptions<P, Q, B>,
): HttpHandler {
  const { route, tenantClaim, schemas, handle } = options;
  return createExchange(options, async (event, facts, note) => {
    const { authorizer } = (event as Partial<APIGatewayProxyEventV2WithJWTAuthorizer>)
      .requestContext ?? { authorizer: undefined };
    const check = readCaller(authorizer, route.scopes, tenantClaim);
    if (check.kind === 'refused') return check.reply;
    note({ tenant: check.caller.tenant, subject: check.caller.subject });
    const reading = readInput(event, schemas);
    if (reading.kind === 'refused') return invalidRequest(reading.errors);
    return handle({ ...facts, ...reading.input, caller: check.caller });
  });
}

/** The Lambda handler of a route without a token. It reads no claims and no body. */
export function createPublicHandler(options: PublicHandlerOptions): HttpHandler {
  return createExchange(options, (_event, facts) => options.handle(facts));
}

/** What belongs to one request: many may be under way in one process. */
interface Exchange {
  readonly event: APIGatewayProxyEventV2;
  readonly facts: RequestFacts;
  /** For the log. */
  readonly noted: Record<string, string>;
}

type Note = (fields: Readonly<Record<string, string>>) => void;

function createExchange(
  { logger, now }: ExchangeOptions,
  answer: (event: APIGatewayProxyEventV2, facts: RequestFacts, note: Note) => Promise<Reply>,
): HttpHandler {
  const answered = middy<Exchange, Rendered>({
    timeoutEarlyInMillis: TIME_TO_ANSWER_MS,
    timeoutEarlyResponse: () => {
      throw new LedgerUnavailableError('out of time');
    },
  })
    .handler(async ({ event, facts, noted }: Exchange) => {
      const reply = await answer(event, facts, (fields) => void Object.assign(noted, fields));
      return rendered(reply, facts);
    })
    .onError((request) => {
      const { facts } = request.event;
      request.response = rendered(replyToFault(request.error, facts, logger), facts);
    });
  return async (event, context) => {
    const startedAt = now();
    const facts = factsOf(event, context, startedAt);
    const noted: Record<string, string> = {};
    const result = await answered({ event, facts, noted }, context);
    logger.info('request', {
      ...noted,
      requestId: facts.requestId,
      method: facts.method,
      route: event.routeKey,
      status: result.answer.statusCode,
      code: result.code,
      durationMs: now().getTime() - startedAt.getTime(),
    });
    return result.answer;
  };
}

function factsOf(event: APIGatewayProxyEventV2, context: Context, now: Date): RequestFacts {
  const { http, requestId } = event.requestContext;
  return {
    method: http.method,
    rawPath: event.rawPath,
    requestId: requestId ?? context.awsRequestId,
    now,
    header: (name) => headerOf(event, name),
  };
}

/** A lost reply is answered like a ledger out of reach: every write may be repeated. */
function replyToFault(fault: unknown, { requestId }: RequestFacts, logger: Logger): Reply {
  if (fault instanceof LedgerUnavailableError || fault instanceof ReplyLostError) {
    logger.warn('the ledger is not available', { requestId, error: fault });
    return ledgerUnavailable();
  }
  logger.error('the request failed', { requestId, error: fault });
  return problem('INTERNAL', 'Something went wrong on our side; it has been logged.');
}

interface Rendered {
  readonly answer: APIGatewayProxyStructuredResultV2;
  /** The problem's code, for the log. */
  readonly code?: string;
}

function rendered(reply: Reply | ProblemReply, { requestId }: RequestFacts): Rendered {
  const isProblem = reply.mediaType === 'application/problem+json';
  const instance = `urn:maestro-billing:request:${encodeURIComponent(requestId)}`;
  const body = isProblem ? { ...reply.body, instance } : reply.body;
  const answer: APIGatewayProxyStructuredResultV2 = {
    statusCode: reply.status,
    headers: {
      ...(body === undefined ? {} : { 'Content-Type': reply.mediaType ?? 'application/json' }),
      'Cache-Control': 'no-store',
      'X-Request-Id': requestId,
      ...reply.headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  return { answer, ...(isProblem ? { code: (reply as ProblemReply).body.code } : {}) };
}
