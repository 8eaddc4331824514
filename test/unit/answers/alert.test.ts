import type { Alert } from '../../../core/alerts/alert';
import { alertBody } from '../../../lambdas/answers/alert';
import { json } from '../../../lambdas/http/reply';
import { answerFaults } from '../../support/openapi';

const DRIFT: Alert = {
  alertId: 'al_0123456789abcdefghij',
  type: 'LEDGER_DRIFT',
  severity: 'critical',
  status: 'OPEN',
  tenant: 'acme',
  month: '2026-11',
  condition: '2026-11-30',
  summary: 'The account of acme for 2026-11 does not add up: it is off by 0.01 USD.',
  runbook: '/docs/maestro/runbooks/ledger-drift',
  count: 1,
  occurredAt: '2026-11-30T12:00:00.000Z',
  lastOccurredAt: '2026-11-30T12:00:00.000Z',
};

const CAP_HIT: Alert = {
  ...DRIFT,
  type: 'BUDGET_HARD_CAP_HIT',
  status: 'ACKNOWLEDGED',
  condition: 'limit 1, 2026-11-30',
  figures: { limit: 10_000_000_000n, spent: 9_999_999_999n, reserved: 0n },
  requested: 2n,
  pipeline: 'nightly',
  runId: 'run-7',
  stepId: 's-3',
  count: 10_000,
  lastOccurredAt: '2026-11-30T12:30:00.000Z',
  sentAt: '2026-11-30T12:00:00.050Z',
  acknowledgedAt: '2026-11-30T12:10:00.000Z',
  acknowledgedBy: 'someone',
};

test('an alert has its figures in USD, and nothing of how it is kept', () => {
  const { condition: _condition, figures: _figures, requested: _requested, ...told } = CAP_HIT;
  expect(alertBody(CAP_HIT)).toEqual({
    ...told,
    limitUSD: '10.00',
    spentUSD: '9.999999999',
    reservedUSD: '0.00',
    requestedUSD: '0.000000002',
  });
});

test('what an alert has not is null, so that every alert has the same fields', () => {
  const body = alertBody(DRIFT);
  expect(Object.keys(body).toSorted()).toEqual(Object.keys(alertBody(CAP_HIT)).toSorted());
  const empty = Object.entries(body).filter(([, value]) => value === null);
  expect(empty.map(([name]) => name).toSorted()).toEqual([
    'acknowledgedAt',
    'acknowledgedBy',
    'limitUSD',
    'pipeline',
    'requestedUSD',
    'reservedUSD',
    'runId',
    'sentAt',
    'spentUSD',
    'stepId',
  ]);
});

test.each([
  ['a full one', CAP_HIT],
  ['an empty one', DRIFT],
])('%s has the published form', (_name, alert) => {
  const body = alertBody(alert);
  expect(() => json(200, body)).not.toThrow();
  expect(answerFaults('acknowledge-alert', 200, 'application/json', body)).toEqual([]);
  expect(answerFaults('list-alerts', 200, 'application/json', { items: [body] })).toEqual([]);
});
