import { composeApi } from '../composition/api';
import { createReadRunHandler } from './handler';

export const handler = createReadRunHandler(composeApi('read-run'));
