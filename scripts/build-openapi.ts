/**
 * Turns `docs/openapi.yaml` into the JSON that the function `openapi` carries and serves. Run
 * `npm run openapi` after a change; a unit test fails while the two differ.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

const ROOT = path.join(__dirname, '..');
const OUTPUT = path.join(ROOT, 'lambdas', 'openapi', 'openapi.generated.json');

/** The whole text of the generated file. */
export function openApiJson(): string {
  const text = readFileSync(path.join(ROOT, 'docs', 'openapi.yaml'), 'utf8');
  return `${JSON.stringify(parse(text))}\n`;
}

if (require.main === module) {
  const text = openApiJson();
  writeFileSync(OUTPUT, text);
  console.log(`${path.relative(process.cwd(), OUTPUT)}: ${text.length} characters`);
}
