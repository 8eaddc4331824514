import { composeApi } from '../composition/api';
import { createCompleteRunHandler } from './handler';

export const handler = createCompleteRunHandler(composeApi('complete-run'));
