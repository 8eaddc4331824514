import type { AlertPorts } from '../../core/alerts/ports';
import { sendUnsent } from '../../core/alerts/send-unsent';
import type { Logger } from '../observability/logger';

const AT_MOST = 200;

/** On a schedule: send what a crash left in the outbox. */
export function createSendAlertsHandler(deps: {
  readonly ports: AlertPorts;
  readonly logger: Logger;
}): () => Promise<{ sent: number }> {
  return async () => {
    const sent = await sendUnsent(deps.ports, AT_MOST);
    if (sent > 0) deps.logger.info('alerts sent from the outbox', { sent });
    return { sent };
  };
}
