import { blocks, figure, table } from '../support/markdown';
import type { BundleFigures, Bundles } from './bundles';

export const AIM_BUNDLE_KB = 450;
export const AIM_LOAD_RATIO = 1.25;
const KB = 1024;

export function bundlesReport({ rounds, baselines, functions }: Bundles): string {
  return blocks(
    '## Bundles: size and cold load',
    `Load time is \`require\` of the deployed bundle in a fresh \`node\`, with the variables of its template; the start of Node itself is not in it. All bundles are loaded in turn, ${rounds} rounds, each beginning with another one. The ratio compares a bundle with the SDK client's in the same round: median, least and most of all rounds. The SDK client is a bundle of \`DynamoDBClient\` with the four commands in use and a client made, by the same script and settings; the document client is what the functions really stand on.`,
    table(
      ['bundle', 'KB', 'load ms', 'least', 'most', 'CPU ms', 'ratio', 'least', 'most'],
      [...baselines, ...functions].map(row),
    ),
  );
}

function row({ name, bytes, wallMs, cpuMs, ratio }: BundleFigures): string[] {
  return [
    name,
    (bytes / KB).toFixed(0),
    figure(wallMs.median),
    figure(wallMs.least),
    figure(wallMs.most),
    figure(cpuMs),
    ratio.median.toFixed(2),
    ratio.least.toFixed(2),
    ratio.most.toFixed(2),
  ];
}
