// What set-up takes for missing where npm has installed Nash as a package: folders of packages made here, beside it and below it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { missingModules } from '../../../src/setup/modules.mjs';
import type { Places } from '../../../src/setup/places.mjs';

const project = mkdtempSync(join(tmpdir(), 'nash-modules-'));
afterAll(() => rmSync(project, { recursive: true }));
const root = join(project, 'node_modules/nash');
const at = { root, modules: dirname(root), isInstalled: true } as Places;

/** A package, or another version of it. */
function put(folder: string, content: object): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify(content));
}

it('a package that npm left out, or has in another version, is missed; wherever Node would find it will do', () => {
  put(root, { name: 'nash', dependencies: { first: '1.0.0' }, optionalDependencies: { addon: '4.22.0' } });
  expect(missingModules(at)).toBe('first is not 1.0.0');
  put(join(project, 'node_modules/first'), { name: 'first', version: '1.0.0' });
  expect(missingModules(at)).toBe('addon is not 4.22.0');
  put(join(project, 'node_modules/addon'), { name: 'addon', version: '4.21.0' });
  expect(missingModules(at)).toBe('addon is not 4.22.0');
  put(join(root, 'node_modules/addon'), { name: 'addon', version: '4.22.0' });
  expect(missingModules(at)).toBeUndefined();
});
