// The examples of docs/extending.md are diffs that apply to the sources as they are, each of two files beside its test and its config.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const FOLDER = 'docs/extending';

describe.each(readdirSync(FOLDER))('%s', (name) => {
  const path = `${FOLDER}/${name}`;
  const files = [...readFileSync(path, 'utf8').matchAll(/^\+\+\+ b\/(.*)$/gm)].map((match) => match[1]!);

  it('applies', () => {
    execFileSync('git', ['apply', '--check', path], { stdio: 'pipe' });
  });

  it('touches two sources, one test and one config', () => {
    const kinds = files.map((file) => file.split('/')[0]).sort();
    expect(kinds).toEqual(['configs', 'src', 'src', 'tests']);
  });
});

describe('the pages', () => {
  it('docs/your-own.md shows what nash init writes', () => {
    const page = readFileSync('docs/your-own.md', 'utf8');
    expect(page).toContain(readFileSync('docs/your-own/my-networks.ts', 'utf8'));
    const config = readFileSync('docs/your-own/my-networks.yaml', 'utf8');
    expect(page).toContain(config.replace(/^(#.*\n)+/, ''));
  });

  it.each(['extending', 'a-gradient', 'threats'])('docs/%s.md names files that exist', (page) => {
    const text = readFileSync(`docs/${page}.md`, 'utf8');
    const paths = [...text.matchAll(/`((?:src|tests)\/[\w./-]+)`/g)].map((match) => match[1]!);
    expect(paths.length).toBeGreaterThan(5);
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  });
});
