// Writes the tables that are made into their pages, and the JSON Schema of configs for editors: `node docs/tables.mjs`, after a build.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { schemaText, withKeyTables } from '../dist/config/reference.js';
import { withMetricsTable } from '../dist/metrics/table.js';

/** @param {string} name beside this file */
const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));

for (const [name, withTable] of /** @type {const} */ ([
  ['config.md', withKeyTables],
  ['grafana.md', withMetricsTable],
])) {
  const written = withTable(readFileSync(pathOf(name), 'utf8'));
  if (written === undefined) throw new Error(`docs/${name} lacks the marks of its table`);
  writeFileSync(pathOf(name), written);
}
writeFileSync(pathOf('../configs/schema.json'), schemaText());
