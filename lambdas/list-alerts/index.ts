import { composeAlertApi } from '../composition/alert-api';
import { createListAlertsHandler } from './handler';

export const handler = createListAlertsHandler(composeAlertApi('list-alerts'));
