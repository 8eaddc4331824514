import { MaestroRequestError, MaestroUnavailableError } from './maestro-errors';
import type { TokenSource } from './maestro-client';

export interface ClientCredentialsOptions {
  /** The authorization server's token endpoint. */
  readonly tokenUrl: string;
  readonly clientId: string;
  /** A function is called for each new token, so that a rotated secret is found. */
  readonly clientSecret: string | (() => Promise<string>);
  /** Space separated, for example `maestro/run`. */
  readonly scope: string;
  /** Further form fields, for servers that want an `audience` or the like. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** In milliseconds; 5000 if left out. */
  readonly requestTimeoutMs?: number;
  /** Milliseconds since 1970; the system's clock if left out. */
  readonly now?: () => number;
  /** The global one if left out. */
  readonly fetch?: typeof fetch;
}

interface HeldToken {
  readonly value: string;
  readonly freshUntilMs: number;
}

const DEFAULT_REQUEST_TIMEOUT_MS = 5_000;
/** A token is replaced this long before it expires, or at half its life if that is shorter. */
const EXPIRY_MARGIN_SECONDS = 60;
/** RFC 6749 lets a server leave expires_in out. */
const ASSUMED_LIFETIME_SECONDS = 300;

/**
 * Tokens by the OAuth 2.0 client credentials grant, held until shortly before they expire. Callers
 * who ask while a token is being fetched share that one request.
 *
 * The token source rejects with MaestroUnavailableError if the server cannot be reached and with
 * MaestroRequestError if it refuses the client.
 */
export function clientCredentials(options: ClientCredentialsOptions): TokenSource {
  const now = options.now ?? Date.now;
  let held: HeldToken | undefined;
  let pending: Promise<HeldToken> | undefined;

  return async (refusedToken) => {
    if (held !== undefined && held.value !== refusedToken && now() < held.freshUntilMs) {
      return held.value;
    }
    pending ??= fetchToken(options, now).finally(() => {
      pending = undefined;
    });
    held = await pending;
    return held.value;
  };
}

async function fetchToken(
  options: ClientCredentialsOptions,
  now: () => number,
): Promise<HeldToken> {
  const { clientSecret } = options;
  const form = new URLSearchParams({
    ...options.parameters,
    grant_type: 'client_credentials',
    client_id: options.clientId,
    client_secret: typeof clientSecret === 'string' ? clientSecret : await clientSecret(),
    scope: options.scope,
  });
  const askedAtMs = now();
  const { response, text } = await post(options, form);
  if (response.status >= 500 || response.status === 429) {
    throw new MaestroUnavailableError(`the token endpoint answered ${response.status}`);
  }
  const document = readTokenDocument(text);
  if (!response.ok || document === undefined) {
    throw new MaestroRequestError({
      status: response.status,
      code: 'UNAUTHENTICATED',
      detail: `The token endpoint answered ${response.status} without a token.`,
    });
  }
  const margin = Math.min(EXPIRY_MARGIN_SECONDS, document.lifetimeSeconds / 2);
  return {
    value: document.accessToken,
    freshUntilMs: askedAtMs + (document.lifetimeSeconds - margin) * 1000,
  };
}

async function post(
  options: ClientCredentialsOptions,
  form: URLSearchParams,
): Promise<{ response: Response; text: string }> {
  try {
    const response = await (options.fetch ?? fetch)(options.tokenUrl, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: form,
      signal: AbortSignal.timeout(options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS),
      redirect: 'error',
    });
    return { response, text: await response.text() };
  } catch (error) {
    throw new MaestroUnavailableError('the token endpoint did not answer', undefined, {
      cause: error,
    });
  }
}

function readTokenDocument(
  text: string,
): { accessToken: string; lifetimeSeconds: number } | undefined {
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document !== 'object' || document === null) return undefined;
    const { access_token: accessToken, expires_in: expiresIn } = document as Record<
      string,
      unknown
    >;
    if (typeof accessToken !== 'string' || accessToken === '') return undefined;
    const isLifetime = typeof expiresIn === 'number' && expiresIn > 0;
    return { accessToken, lifetimeSeconds: isLifetime ? expiresIn : ASSUMED_LIFETIME_SECONDS };
  } catch {
    return undefined;
  }
}
