// Writes what the schema of configs says into docs/config.md, between its marks, and into configs/schema.json: after a build.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { schemaText, withKeyTables } from '../dist/config/reference.js';

const page = fileURLToPath(new URL('config.md', import.meta.url));
const written = withKeyTables(readFileSync(page, 'utf8'));
if (written === undefined) {
  process.stderr.write('docs/config.md lacks the marks <!-- keys:begin --> and <!-- keys:end -->\n');
  process.exit(1);
}
writeFileSync(page, written);
writeFileSync(fileURLToPath(new URL('../configs/schema.json', import.meta.url)), schemaText());
