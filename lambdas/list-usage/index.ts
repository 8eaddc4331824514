import { composeApi } from '../composition/api';
import { createListUsageHandler } from './handler';

export const handler = createListUsageHandler(composeApi('list-usage'));
