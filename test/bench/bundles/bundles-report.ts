import { blocks, table, withSpread } from '../support/markdown';
import type { Repeated } from '../support/statistics';
import type { BundleFigures, Bundles } from './bundles';

export const AIM_BUNDLE_KB = 450;
export const AIM_LOAD_RATIO = 1.25;
const KB = 1024;

export function bundlesReport({ rounds, baselines, functions, firstRunCheck }: Bundles): string {
  return blocks(
    '## Bundles: size and cold load',
    `What \`require\` of the deployed bundle takes in a fresh \`node\`, with the variables of its template; the start of Node itself is not in it. All bundles are loaded in turn, ${rounds} rounds, each beginning with another one. Processor time counts all threads of the process and depends little on what else the machine does, so the ratios are of it, within each round; medians with the least and the most.`,
    "The SDK client is a bundle of `DynamoDBClient` with a client made and the four commands in use, by the script and settings of the functions; these leave parts of the SDK out that Lambda never uses. The plain one is the same source as esbuild bundles and minifies it when it is told nothing else. The document client, on the functions' settings, is what they really stand on.",
    table(
      [
        'bundle',
        'KB',
        'load ms',
        'CPU ms',
        'by the SDK client',
        'by the plain one',
        'by the document client',
      ],
      [...baselines, ...functions].map(row),
    ),
    `A run check by create-run in a fresh process, with a warm engine beside it: load ${whole(firstRunCheck.loadMs)} ms, the first decision ${whole(firstRunCheck.firstMs)} ms, the second ${whole(firstRunCheck.secondMs)} ms (${firstRunCheck.loadMs.repeats} repeats). What the first one takes more is code that runs for the first time, most of it the SDK's, and a new connection.`,
  );
}

const whole = (figure: Repeated) => withSpread(figure, (value) => value.toFixed(0));

function row({ name, bytes, wallMs, cpuMs, ratios }: BundleFigures): string[] {
  return [
    name,
    (bytes / KB).toFixed(0),
    whole(wallMs),
    withSpread(cpuMs, (value) => value.toFixed(1)),
    withSpread(ratios['SDK client'], (value) => value.toFixed(2)),
    ratios['SDK client, plain esbuild'].median.toFixed(2),
    ratios['SDK document client'].median.toFixed(2),
  ];
}
