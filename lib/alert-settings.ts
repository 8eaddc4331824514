import { ALERT_TYPES, type AlertSeverity, type AlertType } from '../core/alerts/alert';
import { isRecord, listOf, matching, objectOf, oneOf, type Check } from './setting-checks';

/** Which alerts a route takes. */
export interface AlertSelection {
  readonly severities: readonly AlertSeverity[];
  /** Default: alerts of every type, also of those that come with later versions. */
  readonly types?: readonly AlertType[];
}

/** Alerts by e-mail. */
export interface EmailRoute extends AlertSelection {
  /** Up to 20 addresses; each must confirm the mail that SNS sends. Severities: warning, critical. */
  readonly to: readonly string[];
}

/** Alerts to a PagerDuty service with an Events API v2 integration. */
export interface PagerDutyRoute extends AlertSelection {
  /** Name or ARN of the secret whose whole text is the routing key. Severities: critical. */
  readonly routingKeySecret: string;
  /** Where the PagerDuty account lives. Default `us`. */
  readonly serviceRegion: 'us' | 'eu';
}

/** Alerts to a webhook that takes `{ "text": … }`, as Slack's incoming webhooks do. */
export interface WebhookRoute extends AlertSelection {
  /**
   * Name or ARN of the secret whose whole text is the part of the URL that must stay secret; it
   * follows `urlPrefix`. Severities: warning, critical.
   */
  readonly urlSecret: string;
  /** The part of the URL before the secret. Default `https://hooks.slack.com/services/`. */
  readonly urlPrefix: string;
}

/** Who is told of alerts. Without any of them alerts are stored, listed and archived all the same. */
export interface AlertSettings {
  /** Default: nobody. */
  readonly alertEmail?: EmailRoute;
  /** Default: nobody is paged. */
  readonly alertPagerDuty?: PagerDutyRoute;
  /** Default: none. */
  readonly alertWebhook?: WebhookRoute;
  /**
   * Where `docs/maestro/runbooks/…` of this repository is served, without a slash at the end; alerts
   * link `<runbookBaseUrl>/docs/maestro/runbooks/<page>`. Must be set where any of the above is.
   */
  readonly runbookBaseUrl?: string;
  /** Days that alerts stay in the bus's archive, from which a route can be sent them again. Default 90, `dev` 14. */
  readonly alertArchiveDays: number;
}

export const ALERT_ROUTES = ['alertEmail', 'alertPagerDuty', 'alertWebhook'] as const;

const ROUTE_DEFAULTS = {
  alertEmail: { severities: ['warning', 'critical'] },
  alertPagerDuty: { severities: ['critical'], serviceRegion: 'us' },
  alertWebhook: {
    severities: ['warning', 'critical'],
    urlPrefix: 'https://hooks.slack.com/services/',
  },
} as const;

const ALERT_SEVERITIES: readonly AlertSeverity[] = ['info', 'warning', 'critical'];

const selection = {
  severities: listOf(oneOf(ALERT_SEVERITIES), ALERT_SEVERITIES.length),
  types: listOf(oneOf(ALERT_TYPES), ALERT_TYPES.length),
};

const secretId = matching(
  /^(?:[\w/+=.@-]{1,512}|arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]{1,512})$/,
  'the name or ARN of a secret',
);

export const emailAddress: Check = matching(/^[^\s@]+@[^\s@]+$/, 'an e-mail address');

export const ALERT_ROUTE_CHECKS: { readonly [Route in (typeof ALERT_ROUTES)[number]]: Check } = {
  alertEmail: objectOf({ ...selection, to: listOf(emailAddress, 20) }, ['to']),
  alertPagerDuty: objectOf(
    { ...selection, routingKeySecret: secretId, serviceRegion: oneOf(['us', 'eu']) },
    ['routingKeySecret'],
  ),
  alertWebhook: objectOf(
    {
      ...selection,
      urlSecret: secretId,
      urlPrefix: matching(
        /^https:\/\/[\w.:-]+\/(?:[\w./~-]*\/)?$/,
        'an https address with a slash at the end',
      ),
    },
    ['urlSecret'],
  ),
};

/** What was chosen, each route completed with its defaults. */
export function withRouteDefaults(chosen: Readonly<Record<string, unknown>>) {
  const routes = ALERT_ROUTES.flatMap((route) => {
    const own = chosen[route];
    return isRecord(own) ? [[route, { ...ROUTE_DEFAULTS[route], ...own }]] : [];
  });
  return { ...chosen, ...Object.fromEntries(routes) };
}

/** A page without a link that works is one that somebody curses at three in the morning. */
export function missingRunbooks(chosen: Readonly<Record<string, unknown>>): readonly string[] {
  const routes = ALERT_ROUTES.filter((route) => chosen[route] !== undefined);
  return routes.length > 0 && chosen['runbookBaseUrl'] === undefined
    ? [`runbookBaseUrl must be set with ${routes.join(', ')}: alerts link to the runbooks there`]
    : [];
}
