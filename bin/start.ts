/** Starts the local cloud: `npm start`. What can be set stands in local/settings.ts. */
import { join } from 'node:path';
import { ensureLocalBuild } from '../local/build/local-build';
import { startLocalCloud, type LocalCloud } from '../local/cloud';
import { readSettings } from '../local/settings';
import { StartFault } from '../local/start-fault';

const ROOT = join(__dirname, '..');
const PARENT_POLL_MS = 100;

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
 * Calls `stop` when `npm start` is gone: killed with -9 it cannot pass the signal on, and a server
 * left behind would hold the port and the data. The script replaces npm's shell by this process
 * (`exec`), so npm is its parent.
 */
function watchNpm(stop: () => void): void {
  if (process.env['npm_lifecycle_event'] !== 'start') return;
  const npm = process.ppid;
  setInterval(() => {
    if (process.ppid !== npm) stop();
  }, PARENT_POLL_MS).unref();
}

async function main(): Promise<void> {
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
  const stopNow = () => void stop().catch(end);
  process.on('SIGINT', stopNow);
  process.on('SIGTERM', stopNow);
  watchNpm(stopNow);
  // Started by a program that keeps a channel open: it ends with that program.
  process.on('disconnect', stopNow);
  cloud = await startLocalCloud(settings, () => ensureLocalBuild(ROOT, say), end);
  say(banner(cloud));
  process.stdout.write(`ready ${cloud.url}\n`);
}

main().catch(end);
