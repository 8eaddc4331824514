import { composeAlertApi } from '../composition/alert-api';
import { createAcknowledgeAlertHandler } from './handler';

export const handler = createAcknowledgeAlertHandler(composeAlertApi('acknowledge-alert'));
