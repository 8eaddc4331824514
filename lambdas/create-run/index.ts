import { composeApi } from '../composition/api';
import { createCreateRunHandler } from './handler';

export const handler = createCreateRunHandler(composeApi('create-run'));
