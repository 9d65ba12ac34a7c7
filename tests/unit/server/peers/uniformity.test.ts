import { describe, expect, it } from 'vitest';
import { Uniformity } from '../../../../src/server/peers/uniformity.js';

const usual = { device: 'x64 avx avx2', tensorflow: '2.21.0', threads: '1', flags: '' };
const [hashA, hashB] = ['a'.repeat(64), 'b'.repeat(64)];
const D = { discriminator: hashA };

describe('a worker that joins a run', () => {
  it('sets what is usual when it is the first of its pool, whatever the other pool has', () => {
    const run = new Uniformity();
    expect(run.join('d-0', { fingerprint: usual, canaries: D })).toBeUndefined();
    const gpu = { ...usual, device: 'NVIDIA H100; driver 570' };
    expect(run.join('g-0', { fingerprint: gpu, canaries: { generator: hashB } })).toBeUndefined();
    expect(run.join('d-1', { fingerprint: usual, canaries: D })).toBeUndefined();
  });

  it.each([
    ['device', 'x64 avx avx512f', /another processor than d-0.*it alone has avx512f; it lacks avx2/],
    ['tensorflow', '2.20.0', /another TensorFlow than d-0.*2\.20\.0.*2\.21\.0/],
    ['threads', '2', /another number of threads/],
    ['flags', 'TF_ENABLE_ONEDNN_OPTS=0', /other switches.*TF_ENABLE_ONEDNN_OPTS=0/],
  ])('is told that its %s differs, even where its canary does not', (key, value, message) => {
    const run = new Uniformity();
    run.join('d-0', { fingerprint: usual, canaries: D });
    const difference = run.join('d-1', { fingerprint: { ...usual, [key]: value }, canaries: D });
    expect(difference).toEqual({ reason: 'fingerprint', message: expect.stringMatching(message) });
  });

  it('is told that it computes other bits, where everything else is equal', () => {
    const run = new Uniformity();
    run.join('d-0', { fingerprint: usual, canaries: D });
    const difference = run.join('d-1', { fingerprint: usual, canaries: { discriminator: hashB } });
    expect(difference).toEqual({ reason: 'canary', message: expect.stringMatching(/bbbb.*, not aaaa/) });
  });

  it('after the run was resumed must be like those before, unless the run has only begun', () => {
    const first = new Uniformity();
    first.join('d-0', { fingerprint: usual, canaries: D });
    const resumed = new Uniformity(JSON.parse(JSON.stringify(first)));
    const other = { ...usual, device: 'x64 avx' };
    const refused = { reason: 'fingerprint', message: expect.stringMatching(/than d-0.*--other-machines/) };
    expect(resumed.join('d-1', { fingerprint: other, canaries: D })).toEqual(refused);
    expect(resumed.join('d-2', { fingerprint: usual, canaries: D })).toBeUndefined();
    expect(resumed.join('g-0', { fingerprint: other, canaries: { generator: hashB } })).toBeUndefined();
    const begun = new Uniformity(JSON.parse(JSON.stringify(new Uniformity())));
    expect(begun.join('d-1', { fingerprint: other, canaries: D })).toBeUndefined();
  });

  it('for both pools must fit both, and sets neither where it fits only one', () => {
    const run = new Uniformity();
    run.join('d-0', { fingerprint: usual, canaries: D });
    expect(
      run.join('any-0', { fingerprint: usual, canaries: { discriminator: hashB, generator: hashA } }),
    ).toMatchObject({ reason: 'canary' });
    expect(run.join('g-0', { fingerprint: usual, canaries: { generator: hashB } })).toBeUndefined();
  });

  it('that computes nothing, an evaluator, is never in the way', () => {
    const run = new Uniformity();
    run.join('d-0', { fingerprint: usual, canaries: D });
    expect(
      run.join('evaluator', { fingerprint: { ...usual, device: 'other' }, canaries: {} }),
    ).toBeUndefined();
  });
});
