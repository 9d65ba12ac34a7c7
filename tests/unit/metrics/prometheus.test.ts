// What a scrape shows before anything has happened, and how the catalogue may call things.
import { describe, expect, it } from 'vitest';
import { CATALOGUE, type MetricDefinition } from '../../../src/metrics/catalogue.js';
import { prometheusMetrics } from '../../../src/metrics/prometheus.js';
import { refusalReasons } from '../../../src/protocol/messages.js';
import { STRANGERS } from '../../../src/transport/transport.js';

const sample = async (metrics = prometheusMetrics()) =>
  (await metrics.expose()).text.split('\n').filter((line) => line.startsWith('gan_'));

describe('a scrape', () => {
  it('shows a counter that has not counted as 0 in each of its closed sets, so that rates see the first step', async () => {
    const lines = await sample();
    expect(lines).toContain('gan_shards_reissued_total{pool="generator",reason="late"} 0');
    expect(lines).toContain('gan_images_total 0');
    const reasons = new Set([...refusalReasons, ...STRANGERS]);
    expect(lines.filter((line) => line.startsWith('gan_refusals_total'))).toHaveLength(reasons.size);
  });

  it('shows no gauge that was never measured', async () => {
    const metrics = prometheusMetrics();
    expect((await sample(metrics)).join('\n')).not.toContain('gan_mode_collapse_score_ratio');
    metrics.set('gan_mode_collapse_score_ratio', 0);
    expect(await sample(metrics)).toContain('gan_mode_collapse_score_ratio 0');
    expect(metrics.latest()).toEqual({ gan_mode_collapse_score_ratio: 0 });
  });
});

describe('the catalogue', () => {
  it.each(Object.entries(CATALOGUE as Record<string, MetricDefinition>))(
    '%s follows the naming rules',
    (name, definition) => {
      expect(name).toMatch(/^gan_[a-z_]+$/);
      expect(name.endsWith('_total')).toBe(definition.type === 'counter');
      expect(definition.help).not.toBe('');
      const isOpen = Object.values(definition.labels).some((values) => values.length === 0);
      expect(isOpen).toBe(name === 'gan_run_info'); // every other label is from a small closed set
      expect(definition.buckets !== undefined).toBe(definition.type === 'histogram');
    },
  );
});
