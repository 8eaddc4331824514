import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PATIENCE_MS = 20_000;

/**
 * What the fresh process does. It is plain JavaScript given on the command line, so that no loader
 * of ours is in the way, and nothing else is loaded before the bundle.
 */
const PROGRAM = `
const before = process.cpuUsage();
const started = performance.now();
require(process.argv[1]);
const wallMs = performance.now() - started;
const { user, system } = process.cpuUsage(before);
process.stdout.write(JSON.stringify({ wallMs, cpuMs: (user + system) / 1000 }));
process.exit(0);
`;

/** What Lambda itself sets, as far as a function looks at it. */
export const PROCESS_ENVIRONMENT: Readonly<Record<string, string>> = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1',
  AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:1',
  AWS_ENDPOINT_URL_EVENTBRIDGE: 'http://127.0.0.1:1',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  NODE_ENV: 'production',
};

export interface LoadTime {
  readonly wallMs: number;
  /** All threads of the process: V8 compiles and collects in others. */
  readonly cpuMs: number;
}

/**
 * Loads a bundle in a fresh `node`, as a cold start does.
 * @throws Error with what the bundle said when it does not load
 */
export async function loadOnce(
  file: string,
  variables: Readonly<Record<string, string>>,
): Promise<LoadTime> {
  const { stdout } = await run(process.execPath, ['-e', PROGRAM, file], {
    env: { PATH: process.env['PATH'], ...PROCESS_ENVIRONMENT, ...variables },
    timeout: PATIENCE_MS,
  });
  return JSON.parse(stdout) as LoadTime;
}
