import { join } from 'node:path';
import type { LocalBuild } from '../build/local-build';
import type { Settings } from '../settings';
import { startDynalite } from './dynalite-engine';
import { startDynamoDbLocal } from './dynamodb-local-engine';
import type { Engine } from './engine';
import type { TableAccess } from './table-access';

/**
 * Starts the engine that the settings name; each has a folder of its own in DATA_DIR.
 * @param access enforced by dynalite alone: Amazon's engine looks at no role
 */
export function startEngine(
  { engine, dataDir }: Settings,
  build: LocalBuild,
  onFailure: (error: Error) => void,
  access?: TableAccess,
): Promise<Engine> {
  const folder = dataDir === undefined ? undefined : join(dataDir, engine);
  switch (engine) {
    case 'dynalite':
      return startDynalite(build.dynaliteThread, folder, onFailure, access);
    case 'dynamodb-local':
      return startDynamoDbLocal(folder, onFailure);
  }
}
