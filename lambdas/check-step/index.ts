import { composeApi } from '../composition/api';
import { createCheckStepHandler } from './handler';

export const handler = createCheckStepHandler(composeApi('check-step'));
