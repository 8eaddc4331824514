import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Engine } from '../engine/engine';
import type { Schedules } from '../schedules';
import { PROBLEMS, methodNotAllowed, sendJson, sendProblem } from './problems';
import { readBody } from './read-body';
import type { SigningKey } from './signing-key';
import type { TokenEndpoint } from './token-endpoint';

export interface LocalEndpointParts {
  readonly url: string;
  readonly key: SigningKey;
  readonly tokens: TokenEndpoint;
  readonly scopes: readonly string[];
  readonly schedules: Schedules;
  readonly engine: Engine;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const FORM_LIMIT_BYTES = 64 * 1024;
const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' };

/**
 * Runs a schedule's work at once, and then sends the alerts that it, or a crash, left in the outbox.
 * `accounts` counts the messages that were handled.
 */
function scheduleRun(schedules: Schedules, word: string): Answer {
  return async (request, response) => {
    await readBody(request, FORM_LIMIT_BYTES);
    const report = await schedules.runNow(word);
    if (report === undefined) return sendProblem(response, PROBLEMS.notFound);
    await schedules.runNow('send-alerts');
    if (report.outcome.kind !== 'result') {
      return sendProblem(response, PROBLEMS.functionFault);
    }
    sendJson(response, 200, { accounts: report.handled, failed: report.failed });
  };
}

function discovery({ url, scopes, key }: LocalEndpointParts): object {
  return {
    issuer: url,
    token_endpoint: `${url}/oauth2/token`,
    jwks_uri: `${url}/.well-known/jwks.json`,
    grant_types_supported: ['client_credentials'],
    response_types_supported: ['token'],
    subject_types_supported: ['public'],
    scopes_supported: scopes,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    id_token_signing_alg_values_supported: [key.algorithm],
  };
}

/** What the local server answers beside the API; nothing of it is deployed. */
export class LocalEndpoints {
  private readonly answers: Readonly<Record<string, { method: string; answer: Answer }>>;

  constructor(parts: LocalEndpointParts) {
    const { key, tokens, schedules, engine } = parts;
    const get = (value: () => unknown) => ({
      method: 'GET',
      answer: async (_: IncomingMessage, response: ServerResponse) =>
        sendJson(response, 200, await value()),
    });
    const run = (word: string) => ({ method: 'POST', answer: scheduleRun(schedules, word) });
    this.answers = {
      '/oauth2/token': {
        method: 'POST',
        answer: async (request, response) => {
          const body = await readBody(request, FORM_LIMIT_BYTES);
          const { status, body: answer } = await tokens.answer(request, body?.toString() ?? '');
          sendJson(response, status, answer, NO_STORE);
        },
      },
      '/.well-known/jwks.json': get(() => ({ keys: [key.publicJwk] })),
      '/.well-known/openid-configuration': get(() => discovery(parts)),
      '/__local/sweep': run('sweep'),
      '/__local/month-end': run('month-end'),
      '/__local/engine': get(async () => ({
        engine: engine.description,
        endpoint: engine.endpoint,
        calls: await engine.countCalls(),
      })),
    };
  }

  /** @returns false where the path is not one of the local server's own */
  async handle(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const found = Object.hasOwn(this.answers, path) ? this.answers[path] : undefined;
    if (found === undefined) return false;
    if (request.method === found.method) await found.answer(request, response);
    else sendProblem(response, methodNotAllowed(found.method));
    return true;
  }
}
