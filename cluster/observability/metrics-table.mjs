// Writes the catalogue of metrics into docs/grafana.md, between its marks: `node cluster/observability/metrics-table.mjs`, after a build.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withMetricsTable } from '../../dist/metrics/table.js';

const page = fileURLToPath(new URL('../../docs/grafana.md', import.meta.url));
const written = withMetricsTable(readFileSync(page, 'utf8'));
if (written === undefined) {
  process.stderr.write('docs/grafana.md lacks the marks <!-- metrics:begin --> and <!-- metrics:end -->\n');
  process.exit(1);
}
writeFileSync(page, written);
