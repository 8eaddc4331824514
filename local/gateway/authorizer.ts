import { errors, jwtVerify, type JWTPayload } from 'jose';
import type { CloudClock } from '../clock';
import type { SigningKey } from './signing-key';

/** What a verified token says, in the form in which API Gateway hands it on. */
export interface Authorization {
  /** Every claim as text. */
  readonly claims: Readonly<Record<string, string>>;
  /** The token's scopes where the route asks for any, else null. */
  readonly scopes: readonly string[] | null;
}

export type AuthorizationDecision =
  | { readonly kind: 'authorized'; readonly authorization: Authorization }
  | { readonly kind: 'unauthenticated'; readonly detail: string; readonly wasTokenGiven: boolean }
  | { readonly kind: 'insufficient-scope' };

export interface TokenTerms {
  readonly issuer: string;
  readonly audience: string;
}

/** Bounds the memory; one of them is a few hundred bytes. */
const MOST_REMEMBERED = 5_000;

const REFUSED = { kind: 'unauthenticated', wasTokenGiven: true } as const;

/** API Gateway writes a list as `[a b]`. */
function claimText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.join(' ')}]`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Plays API Gateway's JWT authorizer with the local server's own key. */
export class JwtAuthorizer {
  private readonly verified = new Map<string, JWTPayload>();

  constructor(
    private readonly key: SigningKey,
    private readonly terms: TokenTerms,
    private readonly clock: CloudClock,
  ) {}

  /** Verifies signature, issuer, audience and times; then the route's scopes: any one is enough. */
  async decide(
    header: string | undefined,
    routeScopes: readonly string[],
  ): Promise<AuthorizationDecision> {
    const token = /^Bearer +([^ ]+) *$/i.exec(header ?? '')?.[1];
    if (token === undefined) {
      const detail = 'A bearer token is needed in the Authorization header.';
      return { kind: 'unauthenticated', detail, wasTokenGiven: header !== undefined };
    }
    let payload: JWTPayload;
    try {
      payload = await this.verify(token);
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      const isExpired = error instanceof errors.JWTExpired;
      return {
        ...REFUSED,
        detail: isExpired ? 'The token has expired.' : 'The token is not valid here.',
      };
    }
    const scopes = typeof payload['scope'] === 'string' ? payload['scope'].split(' ') : [];
    if (routeScopes.length > 0 && !routeScopes.some((scope) => scopes.includes(scope))) {
      return { kind: 'insufficient-scope' };
    }
    const claims = Object.fromEntries(
      Object.entries(payload).map(([name, value]) => [name, claimText(value)]),
    );
    return {
      kind: 'authorized',
      authorization: { claims, scopes: routeScopes.length > 0 ? scopes : null },
    };
  }

  /** The token's claims. The signature of a token is worked out once; its times count every time. */
  private async verify(token: string): Promise<JWTPayload> {
    const known = this.verified.get(token);
    if (known?.exp !== undefined && known.exp * 1000 > this.clock.nowMs()) return known;
    const { payload } = await jwtVerify(token, this.key.publicKey, {
      ...this.terms,
      algorithms: [this.key.algorithm],
      requiredClaims: ['exp'],
      currentDate: new Date(this.clock.nowMs()),
    });
    if (this.verified.size >= MOST_REMEMBERED) this.verified.clear();
    this.verified.set(token, payload);
    return payload;
  }
}
