import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ALERT_TYPES } from '../../core/alerts/alert';
import { detailOf } from '../../lambdas/adapters/eventbridge/alert-bus';
import { ALARM_RUNBOOK } from '../../lib/constructs/explained-alarm';
import { sampleAlerts } from '../support/sample-alerts';

const ROOT = join(__dirname, '..', '..');
const FOLDER = 'docs/maestro/runbooks';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

function filesIn(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => join(folder, path));
}

/** Links to runbooks that stand in the sources as they are. */
const written = ['core', 'lib', 'lambdas']
  .flatMap((folder) => filesIn(folder, '.ts'))
  .flatMap((path) =>
    [
      ...read(path).matchAll(/docs\/maestro\/runbooks\/[\w-]+(?:\.md)?(?:#[\w-]+)?/g),
      // The folder is a constant of core/alerts.
      ...read(path).matchAll(/\$\{RUNBOOKS\}\/([\w-]+)(?=[`#])/g),
    ].map(([link, page]) => (page === undefined ? link : `${FOLDER}/${page}`)),
  );

/** As GitHub makes anchors from headings. */
function anchorsOf(path: string): string[] {
  return [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .trim()
      .replaceAll(/\s+/g, '-'),
  );
}

function pageOf(link: string): string {
  const [path = ''] = link.replace(/^\//, '').split('#');
  return path.endsWith('.md') ? path : `${path}.md`;
}

function leadsSomewhere(link: string): boolean {
  const [, anchor] = link.split('#');
  const isPage = existsSync(join(ROOT, pageOf(link)));
  return isPage && (anchor === undefined || anchorsOf(pageOf(link)).includes(anchor));
}

test.each([...new Set(written)])('%s, as the sources have it, leads to a page', (link) => {
  expect(leadsSomewhere(link)).toBe(true);
});

test('the links of every alert lead to pages, and every page is linked', async () => {
  const links = (await sampleAlerts()).map(({ runbook }) => runbook);
  expect(links.filter((link) => !leadsSomewhere(link))).toEqual([]);
  const linked = [...links, ...written].map(pageOf);
  expect(new Set(linked)).toEqual(new Set(filesIn(FOLDER, '.md')));
});

test.each(filesIn(FOLDER, '.md').filter((path) => path !== ALARM_RUNBOOK))(
  '%s says what it means, what to look at, what to do, when it clears',
  (path) => {
    expect([...read(path).matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual([
      'What it means',
      'What to look at',
      'What to do',
      'When it clears',
    ]);
    expect(read(path)).toMatch(/^(?:curl|aws) /m);
  },
);

describe('docs/alerts.md', () => {
  const page = read('docs/alerts.md');

  test('has a section for each type and no other', () => {
    const sections = [...page.matchAll(/^### ([A-Z_]+)$/gm)].map(([, type]) => type);
    expect(sections.toSorted()).toEqual([...ALERT_TYPES].toSorted());
  });

  test.each(ALERT_TYPES)('%s: the example is an event as it is sent', async (type) => {
    const [, example = ''] =
      new RegExp(`^### ${type}$[^]*?^\`\`\`json$([^]*?)^\`\`\`$`, 'm').exec(page) ?? [];
    const details = (await sampleAlerts())
      .filter((alert) => alert.type === type)
      .map((alert) => detailOf(alert));
    // The id is a digest of the condition, of which the page does not speak.
    const alertId = expect.stringMatching(/^al_[\w-]{20}$/);
    expect(details).toContainEqual({ ...JSON.parse(example), alertId });
  });

  test('the table tells the severities and the runbook of each type', async () => {
    for (const alert of await sampleAlerts()) {
      const row = page.split('\n').find((line) => line.startsWith(`| [\`${alert.type}\`]`)) ?? '';
      expect(row).toContain(alert.severity);
      expect(row).toContain(`(${pageOf(alert.runbook).replace('docs/', '')})`);
    }
  });
});
