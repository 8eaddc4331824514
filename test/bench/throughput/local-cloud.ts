import { join } from 'node:path';
import type { EngineName } from '../../../local/settings';
import { MEASURED_FROM } from '../support/clock';
import { startChild, type Child } from '../support/child-process';

/** The first start may have to build everything. */
const START_PATIENCE_MS = 240_000;
const ROOT = join(__dirname, '..', '..', '..');

/** Starts the local cloud on a free port with its data in memory; `said` is its URL. */
export function startLocalCloud(engine: EngineName): Promise<Child<string>> {
  return startChild({
    name: 'the local cloud',
    args: ['--import', 'tsx', join(ROOT, 'bin', 'start.ts')],
    environment: {
      PORT: '0',
      ENGINE: engine,
      DATA_DIR: '',
      CLOCK_START: MEASURED_FROM,
      SCHEDULES: 'off',
      LOG: '0',
      LOG_LEVEL: 'WARN',
    },
    readyOn: (line) => /^ready (\S+)$/.exec(line)?.[1],
    patienceMs: START_PATIENCE_MS,
  });
}
