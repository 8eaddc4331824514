import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { tryLock } from '../lock-file';
import { StartFault } from '../start-fault';
import { fingerprintOf } from './fingerprint';

/** What one state of the sources gives. It is never changed once it is there. */
export interface LocalBuild {
  /** The synthesized app with the functions' bundles. */
  readonly assemblyDir: string;
  readonly functionThread: string;
  readonly dynaliteThread: string;
}

/** Builds of other states of the sources that are kept: another server may still run on them. */
const KEPT_BUILDS = 3;
const POLL_MS = 100;
const BUILD_PATIENCE_MS = 5 * 60_000;

function layout(folder: string): LocalBuild {
  return {
    assemblyDir: join(folder, 'cdk.out'),
    functionThread: join(folder, 'threads', 'function-thread.js'),
    dynaliteThread: join(folder, 'threads', 'dynalite-thread.js'),
  };
}

function run(root: string, script: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const tsx = createRequire(__filename).resolve('tsx/cli');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [tsx, join(root, script)], {
      cwd: root,
      env: { ...process.env, ...environment },
      // What it says goes to stderr: stdout is for the line that says ready.
      stdio: ['ignore', 2, 2],
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new StartFault(`The build failed in ${script}; what it says stands above.`));
    });
  });
}

async function bundleThreads(root: string, folder: string): Promise<void> {
  await build({
    entryPoints: [
      join(root, 'local/functions/function-thread.ts'),
      join(root, 'local/engine/dynalite-thread.ts'),
    ],
    entryNames: '[name]',
    outdir: join(folder, 'threads'),
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'silent',
  });
}

type Context = { readonly stages?: { readonly dev?: object } };

/** Locally every route of alerts is on, so that one sees who would have been told. */
const LOCAL_ROUTES = {
  alertEmail: { to: ['on-call@example.com'] },
  alertPagerDuty: { routingKeySecret: 'maestro-billing/pagerduty-routing-key' },
  alertWebhook: { urlSecret: 'maestro-billing/webhook-url' },
  runbookBaseUrl: 'http://127.0.0.1:8787',
};

function withAlertRoutes(context: Context = {}): Context {
  return {
    ...context,
    stages: { ...context.stages, dev: { ...LOCAL_ROUTES, ...context.stages?.dev } },
  };
}

async function synthesize(root: string, folder: string): Promise<void> {
  const { context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')) as {
    context?: Context;
  };
  // In a folder of its own: `cdk deploy` and `npm run synth` may work on cdk.out meanwhile.
  await run(root, 'bin/maestro-billing.ts', {
    CDK_OUTDIR: join(folder, 'cdk.out'),
    CDK_CONTEXT_JSON: JSON.stringify(withAlertRoutes(context)),
  });
}

function removeOldBuilds(home: string): void {
  const builds = readdirSync(home, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, changedAt: statSync(join(home, name)).mtimeMs }))
    .toSorted((a, b) => b.changedAt - a.changedAt);
  for (const { name } of builds.slice(KEPT_BUILDS)) {
    rmSync(join(home, name), { recursive: true, force: true });
  }
}

async function whileLocked<T>(file: string, work: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + BUILD_PATIENCE_MS;
  for (;;) {
    const attempt = tryLock(file);
    if (attempt.kind === 'taken') {
      try {
        return await work();
      } finally {
        attempt.release();
      }
    }
    if (performance.now() > giveUpAt) {
      throw new StartFault(`Process ${attempt.pid} has been building for too long.`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * Bundles the functions and synthesizes the app, unless this state of the sources was built before.
 * @param say gets a line when there is something to wait for
 * @throws StartFault when something does not build; its own messages are on stderr by then
 */
export async function ensureLocalBuild(
  root: string,
  say: (line: string) => void,
): Promise<LocalBuild> {
  const home = join(root, 'dist', 'local');
  const folder = join(home, fingerprintOf(root));
  if (existsSync(folder)) return layout(folder);
  mkdirSync(home, { recursive: true });
  return whileLocked(join(home, 'lock'), async () => {
    if (existsSync(folder)) return layout(folder);
    say('building (the sources have changed since the last start) ...');
    const draft = `${folder}.draft`;
    rmSync(draft, { recursive: true, force: true });
    await run(root, 'scripts/build.ts', {});
    await bundleThreads(root, draft);
    await synthesize(root, draft);
    renameSync(draft, folder);
    removeOldBuilds(home);
    return layout(folder);
  });
}
