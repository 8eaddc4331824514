import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChildCloud, type ChildCloud } from '../../local/child-cloud';
import type { EngineName } from '../../local/settings';

export const API = '/api/maestro/v1';
/** The first start builds and synthesizes; later ones take a second or two. */
export const START_PATIENCE_MS = 120_000;

export interface LocalCloudOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Default: in memory. */
  readonly dataDir?: string;
  readonly clockStart?: string;
  readonly engine?: EngineName;
  readonly tokenTtlSeconds?: number;
  /** Default false: sweeps happen only when a test asks for them. */
  readonly areSchedulesOn?: boolean;
}

export interface TokenRequest {
  readonly tenant: string;
  readonly scope?: string;
  readonly clientId?: string;
}

const EVERYTHING = 'maestro/run maestro/read maestro/policy';

/** Starts the local cloud in a process of its own, which ends with this one. */
export function startLocalCloud(options: LocalCloudOptions = {}): Promise<ChildCloud> {
  return startChildCloud({
    PORT: String(options.port ?? 0),
    DATA_DIR: options.dataDir ?? '',
    CLOCK_START: options.clockStart ?? '',
    ENGINE: options.engine ?? '',
    TOKEN_TTL_SECONDS: String(options.tokenTtlSeconds ?? ''),
    SCHEDULES: options.areSchedulesOn === true ? 'on' : 'off',
  });
}

/** A token, as a caller gets it. */
export async function tokenFor(
  url: string,
  { tenant, scope = EVERYTHING, clientId = 'test' }: TokenRequest,
): Promise<string> {
  const response = await fetch(`${url}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      tenant,
      scope,
    }),
  });
  const answer = (await response.json()) as { access_token?: string };
  if (answer.access_token === undefined) throw new Error(`no token: ${JSON.stringify(answer)}`);
  return answer.access_token;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  // Assertions say what is expected of it.
  readonly body: Record<string, unknown>;
}

export interface ApiCall {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls a path below the server's root. */
export async function callServer(
  url: string,
  method: string,
  path: string,
  { token, body, headers = {} }: ApiCall = {},
): Promise<ApiAnswer> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
}

/** Gives a tenant a hard cap; it must not have a policy yet. */
export async function putHardCap(
  url: string,
  token: string,
  tenant: string,
  limitUSD: string,
): Promise<void> {
  const { status, body } = await callServer(url, 'PUT', `${API}/billing/policies/${tenant}`, {
    token,
    headers: { 'if-none-match': '*' },
    body: { budget: { mode: 'hard-cap', limitUSD } },
  });
  if (status !== 201) throw new Error(`no policy: ${status} ${JSON.stringify(body)}`);
}

/** Runs `work` with a folder that is gone afterwards. */
export async function inScratchFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'maestro-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
