// Resident memory of processes over a run's steps: slopes, and a figure.
import { drawChart } from '../../dist/evaluation/chart.js';

/** @typedef {{ name: string, pid: number, step: number, bytes: number }} Sample */

/** The first part of a life is warming up; a life of fewer steps than this says nothing about the long run. */
const WARM_UP = 0.3;
const STEPS_MIN = 8000;
/**
 * Between two collections garbage piles up and is no leak: of so many samples in a row, two a second, the least counts. Heaps are marked
 * every ten seconds (src/numerics/young-garbage.ts).
 */
const WINDOW = 24;

/** Samples of each process. @param {readonly Sample[]} samples */
function lives(samples) {
  /** @type {Map<number, Sample[]>} */
  const byPid = new Map();
  for (const sample of samples) {
    if (Number.isNaN(sample.bytes)) continue;
    byPid.set(sample.pid, [...(byPid.get(sample.pid) ?? []), sample]);
  }
  return [...byPid.values()];
}

/** The least sample of each window. @param {readonly Sample[]} life */
function floors(life) {
  const windows = Array.from({ length: Math.floor(life.length / WINDOW) }, (_, i) =>
    life.slice(i * WINDOW, (i + 1) * WINDOW),
  );
  return windows.map((window) =>
    window.reduce((least, sample) => (sample.bytes < least.bytes ? sample : least)),
  );
}

/**
 * Least-squares slopes of what long lives hold after each collection, in MB (10^6 bytes) a thousand steps, the warming up left out.
 * @param {readonly Sample[]} samples
 */
export function slopesOf(samples) {
  return lives(samples).flatMap((life) => {
    const warm = floors(life.slice(Math.floor(life.length * WARM_UP)));
    const [first, last] = [warm[0], warm.at(-1)];
    if (!first || !last || last.step - first.step < STEPS_MIN) return [];
    const n = warm.length;
    const meanStep = warm.reduce((sum, { step }) => sum + step, 0) / n;
    const meanBytes = warm.reduce((sum, { bytes }) => sum + bytes, 0) / n;
    const above = warm.reduce((sum, { step, bytes }) => sum + (step - meanStep) * (bytes - meanBytes), 0);
    const below = warm.reduce((sum, { step }) => sum + (step - meanStep) ** 2, 0);
    const { name, pid } = first;
    return [
      {
        name,
        pid,
        from: first.step,
        to: last.step,
        megabytes: meanBytes / 1e6,
        slope: (above / below / 1e6) * 1000,
      },
    ];
  });
}

/** @param {readonly Sample[]} samples @returns {Promise<Buffer>} a PNG */
export function drawMemory(samples) {
  const values = lives(samples)
    .flat()
    .map(({ name, pid, step, bytes }) => ({
      process: name,
      life: `${name} ${pid}`,
      step,
      megabytes: bytes / 1e6,
    }));
  return drawChart({
    width: 760,
    height: 420,
    title: { text: 'Resident memory', subtitle: 'one line a process; one that is killed begins another' },
    data: { values },
    mark: { type: 'line', strokeWidth: 1.5 },
    encoding: {
      x: { field: 'step', type: 'quantitative', title: "G's steps" },
      y: { field: 'megabytes', type: 'quantitative', title: 'MB' },
      color: { field: 'process', type: 'nominal' },
      detail: { field: 'life', type: 'nominal' },
    },
  });
}
