import { statSync } from 'node:fs';
import { join } from 'node:path';
import { FUNCTION_NAMES, type FunctionName } from '../../../core/contract/functions';
import { readAssembly } from '../../../local/assembly/assembly';
import { ensureLocalBuild } from '../../../local/build/local-build';
import type { Options } from '../options';
import type { Say } from '../support/progress';
import { repeated, type Repeated } from '../support/statistics';
import { BASELINES, buildBaseline, type Baseline } from './baseline';
import { measureFirstDecision, type FirstDecision } from './first-decision';
import { loadOnce, type LoadTime } from './load-time';

const ROOT = join(__dirname, '..', '..', '..');
const ROUNDS = { whole: 15, quick: 5 };

const PLACE = {
  region: 'us-east-1',
  accountId: '000000000000',
  queueBaseUrl: 'http://127.0.0.1:1',
  apiUrl: 'http://127.0.0.1:1',
};

export interface BundleFigures {
  readonly name: FunctionName | Baseline;
  readonly bytes: number;
  readonly wallMs: Repeated;
  readonly cpuMs: Repeated;
  /** Processor time by that of each baseline in the same round. */
  readonly ratios: Readonly<Record<Baseline, Repeated>>;
}

export interface Bundles {
  readonly rounds: number;
  readonly baselines: readonly BundleFigures[];
  readonly functions: readonly BundleFigures[];
  readonly firstRunCheck: FirstDecision;
}

interface Subject {
  readonly name: FunctionName | Baseline;
  readonly file: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** Sizes and load times of all bundles, beside bundles of the SDK's client alone. */
export async function measureBundles(options: Options, say: Say): Promise<Bundles> {
  const rounds = options.isQuick ? ROUNDS.quick : ROUNDS.whole;
  say('bundles: building');
  const subjects = [...(await baselines()), ...(await functions(say))];
  const times = new Map<string, LoadTime[]>(subjects.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round += 1) {
    say(round < 0 ? 'bundles: filling the page cache' : `bundles: round ${round + 1}/${rounds}`);
    for (const { name, file, variables } of rotated(subjects, round)) {
      const time = await loadOnce(file, variables);
      if (round >= 0) times.get(name)?.push(time);
    }
  }
  const figures = subjects.map(({ name, file }) => figuresOf(name, file, times));
  const runCheck = subjects.find(({ name }) => name === 'create-run') as Subject;
  const isBaseline = ({ name }: BundleFigures) => name in BASELINES;
  return {
    rounds,
    baselines: figures.filter(isBaseline),
    functions: figures.filter((each) => !isBaseline(each)),
    firstRunCheck: await measureFirstDecision(options, runCheck, say),
  };
}

async function baselines(): Promise<Subject[]> {
  const subjects: Subject[] = [];
  for (const name of Object.keys(BASELINES) as Baseline[]) {
    const file = await buildBaseline(join(ROOT, 'dist', 'bench', 'baselines'), name);
    subjects.push({ name, file, variables: {} });
  }
  return subjects;
}

/** The bundles as they are deployed, each with the variables that its template gives it. */
async function functions(say: Say): Promise<Subject[]> {
  const { assemblyDir } = await ensureLocalBuild(ROOT, say);
  const { functions: defined } = readAssembly(assemblyDir, PLACE);
  return FUNCTION_NAMES.map((name) => {
    const found = defined.find((each) => each.name.endsWith(`-${name}`));
    if (found === undefined) throw new Error(`the app has no function ${name}`);
    return { name, file: found.file, variables: found.environment };
  });
}

/** Every round begins with another one, so that none is always first after a pause. */
function rotated<T>(all: readonly T[], by: number): readonly T[] {
  const at = (by + all.length) % all.length;
  return [...all.slice(at), ...all.slice(0, at)];
}

function figuresOf(
  name: BundleFigures['name'],
  file: string,
  times: ReadonlyMap<string, readonly LoadTime[]>,
): BundleFigures {
  const own = times.get(name) ?? [];
  const against = (baseline: Baseline) => {
    const theirs = times.get(baseline) ?? [];
    return repeated(own.map(({ cpuMs }, round) => cpuMs / (theirs[round]?.cpuMs ?? Number.NaN)));
  };
  return {
    name,
    bytes: statSync(file).size,
    wallMs: repeated(own.map(({ wallMs }) => wallMs)),
    cpuMs: repeated(own.map(({ cpuMs }) => cpuMs)),
    ratios: {
      'SDK client': against('SDK client'),
      'SDK client, plain esbuild': against('SDK client, plain esbuild'),
      'SDK document client': against('SDK document client'),
    },
  };
}
