// Writes the catalogue of metrics into the README, between its marks: `node cluster/observability/metrics-table.mjs`, after a build.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withMetricsTable } from '../../dist/metrics/table.js';

const readme = fileURLToPath(new URL('../../README.md', import.meta.url));
const written = withMetricsTable(readFileSync(readme, 'utf8'));
if (written === undefined) {
  process.stderr.write('README.md lacks the marks <!-- metrics:begin --> and <!-- metrics:end -->\n');
  process.exit(1);
}
writeFileSync(readme, written);
