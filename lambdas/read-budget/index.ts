import { composeApi } from '../composition/api';
import { createReadBudgetHandler } from './handler';

export const handler = createReadBudgetHandler(composeApi('read-budget'));
