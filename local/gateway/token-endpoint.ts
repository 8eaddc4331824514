import { SignJWT } from 'jose';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { CloudClock } from '../clock';
import type { TokenTerms } from './authorizer';
import type { SigningKey } from './signing-key';

export interface TokenSettings {
  readonly terms: TokenTerms;
  readonly ttlSeconds: number;
  /** The scopes that may be asked for. */
  readonly scopes: readonly string[];
  /** Name of the claim that carries the tenant. */
  readonly tenantClaim: string;
}

/** An answer in the form of RFC 6749. */
export interface TokenAnswer {
  readonly status: 200 | 400;
  readonly body: object;
}

type ErrorCode = 'invalid_request' | 'invalid_scope' | 'unsupported_grant_type';

const TENANT = /^(\*|(?!\.{1,2}$)[A-Za-z0-9._-]{1,64})$/;
const CLIENT_ID = /^[\x21-\x7e]{1,128}$/;

function refuse(error: ErrorCode, error_description: string): TokenAnswer {
  return { status: 400, body: { error, error_description } };
}

function repeatedField(form: URLSearchParams): string | undefined {
  return [...form.keys()].find((name) => form.getAll(name).length > 1);
}

/** The client's name may stand in HTTP Basic credentials, where most OAuth clients put it. */
function clientOf(request: IncomingMessage, form: URLSearchParams): string | undefined {
  const basic = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (basic === undefined) return form.get('client_id') ?? undefined;
  return Buffer.from(basic, 'base64').toString('utf8').split(':')[0];
}

/**
 * Issues tokens to whoever asks, for any tenant: the local server's stand-in for the identity
 * provider, which exists nowhere else.
 */
export class TokenEndpoint {
  constructor(
    private readonly key: SigningKey,
    private readonly settings: TokenSettings,
    private readonly clock: CloudClock,
  ) {}

  async answer(request: IncomingMessage, body: string): Promise<TokenAnswer> {
    const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
    if (type !== 'application/x-www-form-urlencoded') {
      return refuse('invalid_request', 'The body must be application/x-www-form-urlencoded.');
    }
    const form = new URLSearchParams(body);
    const repeated = repeatedField(form);
    if (repeated !== undefined) {
      return refuse('invalid_request', `${repeated} is given more than once.`);
    }
    const grant = form.get('grant_type');
    if (grant === null) return refuse('invalid_request', 'grant_type is missing.');
    if (grant !== 'client_credentials') {
      return refuse('unsupported_grant_type', 'Only client_credentials is supported.');
    }
    const clientId = clientOf(request, form);
    if (clientId === undefined || !CLIENT_ID.test(clientId)) {
      return refuse('invalid_request', 'client_id is missing or not 1 to 128 visible characters.');
    }
    const tenant = form.get('tenant') ?? '';
    if (!TENANT.test(tenant)) {
      return refuse('invalid_request', 'tenant is missing or neither a tenant nor *.');
    }
    return this.issue(clientId, tenant, form.get('scope') ?? '');
  }

  private async issue(clientId: string, tenant: string, scope: string): Promise<TokenAnswer> {
    const asked = [...new Set(scope.split(' ').filter((part) => part !== ''))];
    const known = this.settings.scopes.join(' ');
    if (asked.length === 0) return refuse('invalid_scope', `scope is missing; known: ${known}`);
    const unknown = asked.find((part) => !this.settings.scopes.includes(part));
    if (unknown !== undefined) {
      return refuse('invalid_scope', `${JSON.stringify(unknown)} is no scope; known: ${known}`);
    }
    const { terms, ttlSeconds, tenantClaim } = this.settings;
    const issuedAt = Math.floor(this.clock.nowMs() / 1000);
    const token = await new SignJWT({
      scope: asked.join(' '),
      client_id: clientId,
      token_use: 'access',
      [tenantClaim]: tenant,
    })
      .setProtectedHeader({ alg: this.key.algorithm, kid: this.key.keyId, typ: 'JWT' })
      .setSubject(clientId)
      .setIssuer(terms.issuer)
      .setAudience(terms.audience)
      .setJti(randomUUID())
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + ttlSeconds)
      .sign(this.key.privateKey);
    return {
      status: 200,
      body: {
        access_token: token,
        token_type: 'Bearer',
        expires_in: ttlSeconds,
        scope: asked.join(' '),
      },
    };
  }
}
