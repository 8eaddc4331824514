import { composeApi } from '../composition/api';
import { createRecordUsageHandler } from './handler';

export const handler = createRecordUsageHandler(composeApi('record-usage'));
