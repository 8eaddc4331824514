/** Starts the local cloud: `npm start`. What can be set stands in local/settings.ts. */
import { join } from 'node:path';
import { ensureLocalBuild } from '../local/build/local-build';
import { startLocalCloud, type LocalCloud } from '../local/cloud';
import { readSettings } from '../local/settings';
import { StartFault } from '../local/start-fault';

const ROOT = join(__dirname, '..');
const PARENT_POLL_MS = 200;

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function banner({ url, engine }: LocalCloud): string {
  return [
    `maestro-billing, local cloud: ${engine}`,
    'a token for tenant acme:',
    `  TOKEN=$(curl -s ${url}/oauth2/token -d grant_type=client_credentials \\`,
    `    -d client_id=acme-orchestrator -d tenant=acme \\`,
    `    -d 'scope=maestro/run maestro/read maestro/policy' | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    `  curl -s ${url}/api/maestro/v1/billing/budgets/acme -H "Authorization: Bearer $TOKEN"`,
  ].join('\n');
}

function end(error: unknown): never {
  say(error instanceof StartFault ? error.message : String((error as Error).stack ?? error));
  process.exit(1);
}

/**
 * Whoever kills `npm start` with -9 means the server too, which would go on holding the port and
 * the data: npm cannot pass such a signal on, so its end is watched.
 */
function endWithNpm(): void {
  if (process.env['npm_lifecycle_event'] !== 'start') return;
  const npm = process.ppid;
  setInterval(() => {
    if (process.ppid !== npm) process.kill(process.pid, 'SIGKILL');
  }, PARENT_POLL_MS).unref();
}

async function main(): Promise<void> {
  endWithNpm();
  // Functions in the cloud run in UTC.
  process.env['TZ'] = 'UTC';
  const settings = readSettings(process.env);
  let cloud: LocalCloud | undefined;
  let isStopping = false;
  const stop = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    await cloud?.stop();
    process.exit(0);
  };
  process.on('SIGINT', () => void stop().catch(end));
  process.on('SIGTERM', () => void stop().catch(end));
  cloud = await startLocalCloud(settings, () => ensureLocalBuild(ROOT, say), end);
  say(banner(cloud));
  process.stdout.write(`ready ${cloud.url}\n`);
}

main().catch(end);
