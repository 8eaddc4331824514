import { composeApi } from '../composition/api';
import { createWritePolicyHandler } from './handler';

export const handler = createWritePolicyHandler(composeApi('write-policy'));
