// Goal: Grafana takes the committed dashboard as it stands, though no Grafana runs here. Method: the Foundation SDK's types are generated
// from Grafana's own schemas; the JSON is written into a TypeScript file against them, and the compiler looks for what does not fit.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { DASHBOARD } from '../../../cluster/observability/dashboard.mjs';

const folder = mkdtempSync('node_modules/.nash-grafana-'); // where the SDK's package is found
afterAll(() => rmSync(folder, { recursive: true }));

/** JSON holds an enum's values, not its members; options of panels are typed by their kind. */
const TYPES = `
import type { Dashboard, FieldConfigSource, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import type { Options as StatOptions } from '@grafana/grafana-foundation-sdk/stat';
import type { FieldConfig as TableConfig, Options as TableOptions } from '@grafana/grafana-foundation-sdk/table';
import type { FieldConfig, Options as TimeseriesOptions } from '@grafana/grafana-foundation-sdk/timeseries';
type Plain<T> = 0 extends 1 & T ? T : T extends string ? \`\${T}\` : T extends (infer U)[] ? Plain<U>[]
  : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
type Fields<Custom> = Omit<FieldConfigSource, 'defaults'> & { defaults: Omit<FieldConfigSource['defaults'], 'custom'> & { custom?: Custom } };
type Of<Kind, Options, Custom> = Omit<Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> &
  { type: Kind; options?: Options; fieldConfig?: Fields<Custom>; targets?: Omit<Dataquery, '_implementsDataqueryVariant' | 'dataqueryName'>[] };
type Row = Omit<RowPanel, 'type'> & { type: 'row' };
type Known = Of<'stat', StatOptions, never> | Of<'table', TableOptions, TableConfig> | Of<'timeseries', TimeseriesOptions, FieldConfig> | Row;
const dashboard: Plain<Omit<Dashboard, 'panels'> & { panels: Known[] }> = `;

/** What the compiler says of a dashboard; empty when it fits. */
function complaints(json: string): string {
  const file = join(folder, 'dashboard.ts');
  writeFileSync(file, `${TYPES}${json.trim()};\nexport { dashboard };\n`);
  const options =
    '--ignoreConfig --noEmit --strict --skipLibCheck --module nodenext --target es2022 --types node';
  try {
    const compiler = resolve('node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [compiler, ...options.split(' '), file], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

const text = readFileSync(DASHBOARD, 'utf8');

it("the dashboard fits Grafana's schema", () => {
  expect(complaints(text)).toBe('');
});

it.each([
  [
    'a colour mode that there is not',
    (json: string) => json.replace('"colorMode": "value"', '"colorMode": "loud"'),
  ],
  ['a field that there is not', (json: string) => json.replace('"gridPos"', '"gridPlace"')],
  ['a query without its expression', (json: string) => json.replace('"expr"', '"expression"')],
])('%s would be found', (_, spoil) => {
  const spoilt = spoil(text);
  expect(spoilt).not.toBe(text);
  expect(complaints(spoilt)).toContain('error TS');
});
