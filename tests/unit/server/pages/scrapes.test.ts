import { expect, it } from 'vitest';
import { Scrapes } from '../../../../src/server/pages/scrapes.js';

/** How long the end of a run waits that was scraped so often, `sinceMs` ago; one more comes after `nextMs`. */
async function waited({
  everyMs,
  sinceMs = 0,
  nextMs,
}: {
  everyMs?: number;
  sinceMs?: number;
  nextMs?: number;
}) {
  let nowMs = 0;
  const scrapes = new Scrapes(() => nowMs + performance.now() - began);
  let began = performance.now();
  scrapes.note();
  nowMs = everyMs ?? 0;
  if (everyMs !== undefined) scrapes.note();
  nowMs += sinceMs;
  began = performance.now();
  if (nextMs !== undefined) setTimeout(() => scrapes.note(), nextMs);
  await scrapes.lastOne();
  return performance.now() - began;
}

it('a server that is scraped stays for one more scrape', async () => {
  const ms = await waited({ everyMs: 5000, nextMs: 200 });
  expect(ms).toBeGreaterThan(199);
  expect(ms).toBeLessThan(1000);
});

it('and not where nobody scrapes it, or did so long ago, or only once', async () => {
  expect(await waited({})).toBeLessThan(100);
  expect(await waited({ everyMs: 1000, sinceMs: 4000 })).toBeLessThan(200);
  const late = await waited({ everyMs: 200, sinceMs: 2000 });
  expect(late).toBeGreaterThan(150);
  expect(late).toBeLessThan(1000);
});
