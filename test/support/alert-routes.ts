/** Stage settings under which alerts take every route there is, with the default severities. */
export const ALL_ALERT_ROUTES = {
  alertEmail: { to: ['billing@example.com', 'finance@example.com'] },
  alertPagerDuty: { routingKeySecret: 'maestro-billing/pagerduty' },
  alertWebhook: { urlSecret: 'maestro-billing/webhook' },
  runbookBaseUrl: 'https://docs.example.com',
} as const;
