import { composeApi } from '../composition/api';
import { createReadPolicyHandler } from './handler';

export const handler = createReadPolicyHandler(composeApi('read-policy'));
