import type { FunctionName } from '../../../core/contract/functions';
import type { EventParts } from '../api-event';

const STEP = { runId: 'run-1', stepId: 'step-1' };
export const ENTRY = { model: 'gpt-4o-mini', inputTokens: 1, outputTokens: 1 };
const RATE = { model: 'm', provider: 'p', inputPerMTokUSD: '1', outputPerMTokUSD: '2' };

/** One good request for each route; every bad one differs from it in one place. */
export const GOOD = {
  'create-run': { body: { tenant: 'acme', pipeline: 'p', estimatedCostUSD: '1' } },
  'check-step': { path: { runId: 'run-1' }, body: { stepId: 's', estimatedCostUSD: '1' } },
  'record-usage': { path: STEP, body: { costUSD: '1' } },
  'complete-run': { path: { runId: 'run-1' }, body: { status: 'succeeded' } },
  'read-run': { path: { runId: 'run-1' }, method: 'GET' },
  'read-policy': { path: { tenant: 'acme' }, method: 'GET' },
  'write-policy': {
    path: { tenant: 'acme' },
    body: { budget: { mode: 'hard-cap', limitUSD: '10' } },
    method: 'PUT',
  },
  'read-budget': { path: { tenant: 'acme' }, method: 'GET' },
  'list-usage': { method: 'GET' },
  'list-alerts': { method: 'GET' },
  'acknowledge-alert': { path: { alertId: 'al_Zq3-_0aB' } },
} satisfies Partial<Record<FunctionName, EventParts>>;

export type Route = keyof typeof GOOD;

export const ROUTES = Object.keys(GOOD) as Route[];
export const WITH_BODY = ROUTES.filter((route) => 'body' in GOOD[route]);

const NOT_TEXT = [null, 5, true, [], {}, ['x']];
export const NOT_OBJECT = [null, 5, true, 'text', [], ['x']];
export const BAD_ID = [
  ...NOT_TEXT,
  '',
  '.',
  '..',
  'a/b',
  'a b',
  ' a',
  'a\n',
  'ä',
  'a'.repeat(65),
  '%2e',
  'a\u0000',
  'a,b',
];
/** An alert's id has no dots, and no sign that cursors are made with. */
export const BAD_ALERT_ID = [...BAD_ID, 'a.b', 'a#b'];
export const BAD_AMOUNT = [
  null,
  true,
  [],
  {},
  '',
  ' ',
  '-1',
  '-0',
  '+1',
  '1e3',
  'NaN',
  'Infinity',
  '0x1',
  '1,5',

  '1.',
  '.1',
  '01',
  ' 1',
  '1.0000000001',
  '1000000000000',
  '9'.repeat(500),
  -1,
  0.1 + 0.2,
  1e12,
];
export const BAD_COUNT = [null, true, [], {}, '5', -1, 1.5, 1e99, 'NaN'];
export const BAD_TIME = [
  ...NOT_TEXT,
  '',
  '2026-11-30',
  '2026-02-30T00:00:00Z',
  '2026-02-29T00:00:00Z',

  '2026-13-01T00:00:00Z',
  '2026-00-01T00:00:00Z',
  '2026-11-31T00:00:00Z',
  '2026-11-30 00:00:00Z',

  '2026-11-30T24:00:00Z',
  '2026-11-30T00:60:00Z',
  '2026-11-30T00:00:60Z',
  '2026-11-30T00:00:00',
  '2026-11-30T00:00:00+24:00',
  '1999-01-01T00:00:00Z',
  'now',
  '1764460800',
];
export const BAD_MONTH = [
  '',
  '2026',
  '2026-13',
  '2026-00',
  '2026-1',
  '26-01',
  '2026-01-01',
  '0000-01',
  'x',
];
export const BAD_NAME = [...NOT_TEXT, '', ' ', 'a b', 'a\n', 'ä', 'a'.repeat(201)];

/** The values that each field of a body must refuse, by its JSON pointer. */
export const BODY_FIELDS: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>> = {
  'create-run': {
    '/tenant': [undefined, ...BAD_ID],
    '/runId': BAD_ID,
    '/pipeline': [undefined, ...NOT_TEXT, '', 'a\n', 'ä', 'a\\b', 'a'.repeat(129)],
    '/estimatedCostUSD': [undefined, ...BAD_AMOUNT],
    '/deadline': BAD_TIME,
    '/dryRun': [null, 0, 1, 'true', [], {}],
    '/tags': NOT_OBJECT,
    '/status': ['OPEN'],
  },
  'check-step': {
    '/stepId': [undefined, ...BAD_ID],
    '/model': BAD_NAME,
    '/provider': [...BAD_NAME, 'a/b', 'a'.repeat(65)],
    '/estimatedTokens': NOT_OBJECT,
    '/estimatedTokens/input': [undefined, ...BAD_COUNT, 1_000_000_001],
    '/estimatedTokens/output': [undefined, ...BAD_COUNT, 1_000_000_001],
    '/estimatedTokens/cachedInput': [1],
    '/estimatedCostUSD': [undefined, ...BAD_AMOUNT],
    '/dryRun': [null, 0, 'false'],
    '/tags': [{}],
  },
  'record-usage': {
    '/tokens': NOT_OBJECT,
    '/tokens/input': [undefined, ...BAD_COUNT, 1_000_000_001],
    '/tokens/output': [undefined, ...BAD_COUNT, 1_000_000_001],
    '/tokens/cachedInput': [...BAD_COUNT, 11],
    '/tokens/total': [1],
    '/costUSD': BAD_AMOUNT,
    '/model': BAD_NAME,
    '/provider': [...BAD_NAME, 'a/b'],
    '/tags': NOT_OBJECT,
    '/occurredAt': BAD_TIME,
    '/dryRun': [true],
  },
  'complete-run': {
    '/status': [undefined, ...NOT_TEXT, '', 'done', 'SUCCEEDED'],
    '/reason': ['x'],
  },
  'write-policy': {
    '/budget': [undefined, ...NOT_OBJECT],
    '/budget/mode': [undefined, ...NOT_TEXT, '', 'hard', 'HARD-CAP'],
    '/budget/limitUSD': [undefined, ...BAD_AMOUNT],
    '/budget/gracePercent': [...BAD_COUNT, 1001],
    '/budget/alertThresholds': [null, 5, 'x', {}, Array.from({ length: 11 }, (_, i) => i + 1)],
    '/budget/alertThresholds/1': [...BAD_COUNT, 0, 1001, 50],
    '/budget/onGraceExceeded': [...NOT_TEXT, 'stop'],
    '/budget/spentUSD': ['0'],
    '/quotas': NOT_OBJECT,
    '/quotas/requestsPerMinute': [...BAD_COUNT, 0, 1_000_001],
    '/quotas/tokensPerDay': [...BAD_COUNT, 0, 1_000_000_000_001],
    '/quotas/allowedModels': [null, 5, 'x', {}, [], Array.from({ length: 201 }, (_, i) => `m${i}`)],
    '/quotas/allowedModels/0': [null, 5, [], {}, '', '*', 'a b', 'a/b/*', '*/a', 'a'.repeat(201)],
    '/quotas/other': [1],
    '/rates': [
      null,
      5,
      'x',
      {},
      Array.from({ length: 201 }, (_, i) => ({ ...RATE, model: `m${i}` })),
    ],
    '/rates/0': NOT_OBJECT,
    '/rates/0/model': [undefined, ...BAD_NAME],
    '/rates/0/provider': [undefined, ...BAD_NAME, 'a/b'],
    '/rates/0/inputPerMTokUSD': [undefined, ...BAD_AMOUNT, '1000001'],
    '/rates/0/outputPerMTokUSD': [undefined, ...BAD_AMOUNT],
    '/rates/0/cachedInputPerMTokUSD': BAD_AMOUNT,
    '/rates/0/currency': ['USD'],
    '/tenant': ['acme'],
  },
};

/** What a field stands in, where the good body has nothing there. */
export const SURROUNDINGS: Readonly<Record<string, unknown>> = {
  '/estimatedTokens': { input: 10, output: 10 },
  '/tokens': { input: 10, output: 10, cachedInput: 0 },
  '/budget/alertThresholds': [50, 80],
  '/quotas': {},
  '/quotas/allowedModels': ['m'],
  '/rates': [RATE],
};
