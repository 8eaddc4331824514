/**
 * Runs the README's first session as it stands there, against a local server, and compares each
 * answer with the one that is shown. Needs bash, curl and sed, so it is a step of `.ci/run` and no
 * test.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { startChildCloud } from '../local/child-cloud';

const USUAL_URL = 'http://127.0.0.1:8787';
const SESSION_TIMEOUT_MS = 60_000;
const MARK = '--- the README shows another command ---';

interface Step {
  readonly command: string;
  /** The answer that the README shows, shortened; undefined where it shows none. */
  shown?: unknown;
}

function readSession(text: string): Step[] {
  const session = /<!-- session -->(.*)<!-- \/session -->/s.exec(text)?.[1];
  if (session === undefined) throw new Error('the README has no session');
  const steps: Step[] = [];
  for (const [, language, block = ''] of session.matchAll(/^```(sh|json)\n(.*?)^```$/gms)) {
    const last = steps.at(-1);
    if (language === 'sh') steps.push({ command: block });
    else if (last !== undefined) last.shown = JSON.parse(block);
  }
  return steps;
}

/** All in one shell, as somebody pastes them: later commands use what earlier ones set. */
function run(steps: readonly Step[], url: string): string[] {
  const script = steps.map(({ command }) => `${command}\nprintf '%s\\n' '${MARK}'`).join('\n');
  const { stdout, stderr, status } = spawnSync('bash', ['-eu', '-o', 'pipefail'], {
    input: script.replaceAll(USUAL_URL, url),
    encoding: 'utf8',
    timeout: SESSION_TIMEOUT_MS,
  });
  if (status !== 0) throw new Error(`the session ended with ${status}: ${stderr}`);
  return stdout.split(`${MARK}\n`).slice(0, -1);
}

/** The body alone where `curl -i` printed the headers as well. */
function bodyOf(output: string): unknown {
  return JSON.parse(output.slice(output.indexOf('{')));
}

/** Where an answer differs from the shortened one, as paths. */
function differences(shown: unknown, answered: unknown, path = ''): string[] {
  if (typeof shown !== 'object' || shown === null || Array.isArray(shown)) {
    if (isDeepStrictEqual(shown, answered)) return [];
    return [`${path}: ${JSON.stringify(shown)} shown, ${JSON.stringify(answered)} answered`];
  }
  return Object.entries(shown).flatMap(([name, value]) =>
    differences(
      value,
      (answered as Record<string, unknown> | undefined)?.[name],
      `${path}/${name}`,
    ),
  );
}

async function main(): Promise<void> {
  const steps = readSession(readFileSync(join(__dirname, '..', 'README.md'), 'utf8'));
  const cloud = await startChildCloud({ PORT: '0' });
  try {
    const outputs = run(steps, cloud.url);
    const wrong = steps.flatMap(({ command, shown }, index) =>
      shown === undefined
        ? []
        : differences(shown, bodyOf(outputs[index] ?? '')).map((line) => `${line}\n  ${command}`),
    );
    if (wrong.length > 0) throw new Error(`answers differ from the README:\n${wrong.join('\n')}`);
    console.log(`README: ${steps.length} commands work as pasted`);
  } finally {
    await cloud.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
