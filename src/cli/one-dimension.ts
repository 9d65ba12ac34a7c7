// A finished one-dimensional run, measured at its checkpoints and drawn: `nash reproduce gaussian-1d`. What the run keeps no checkpoint
// of, the nets before the first step and D after it was trained alone, follows from its config and is computed again.
import { writeWhole } from '../../src/setup/files.mjs';
import type { RunConfig } from '../config/run-config.js';
import type { DistributionSource } from '../data/data-source.js';
import { mixtureSource } from '../data/mixture.js';
import { assert } from '../errors.js';
import { drawAnimation } from '../evaluation/animation.js';
import {
  densityAt,
  type Gaussian,
  oneDimension,
  POINTS,
  SUPPORT,
  sigmoid,
  spread,
} from '../evaluation/measures/one-dimension.js';
import {
  drawHistory,
  drawMoments,
  drawOneDimension,
  type Moment,
  type Passed,
} from '../evaluation/one-dimension-figure.js';
import { initialParameters } from '../parameters/initial.js';
import type { Net } from '../parameters/manifest.js';
import { versionsAfter } from '../protocol/schedule.js';
import { trainReference } from '../reference-trainer.js';
import { runFile } from '../run-folder/run-files.js';
import { checkpointSteps, openGenerator, type RunGenerator, type RunPlayers } from './run-generator.js';

/** Samples and items of the data that are measured at the end, and on the way. */
const COUNT = 100_000;
const COUNT_ON_THE_WAY = 20_000;
/** of the items of the data */
const SEED = [1, 2] as const;
const WAYS = 25;
/** Checkpoints that are drawn, and those of them that have a panel. */
const FRAMES = 24;
const PANELS = 4;

type Playing = Pick<RunPlayers, 'draw' | 'drawAt' | 'logits'>;

/** @returns the measures of one-dimension.ts; figures lie in the run's folder, `figures/one-dimension*` */
export async function measureOneDimension(runDir: string): Promise<Record<string, number>> {
  const last = await openGenerator(runDir, {});
  const game = gameOf(last.config);
  const { untrained, alone } = beginning(last, game);
  const begin = [
    momentOf(game, last.withVectors(untrained), 'at first'),
    momentOf(game, last.withVectors(alone), `D after ${aloneSteps(last.config)} steps alone`),
  ];
  const moments: Moment[] = [];
  const passed: Passed[] = [];
  for (const step of spaced(await checkpointSteps(runDir), FRAMES)) {
    const generator = await openGenerator(runDir, { step: String(step) });
    moments.push(momentOf(game, generator, `step ${step.toLocaleString('en')}`));
    passed.push({ step, ...measuresOf(game, generator, COUNT_ON_THE_WAY) });
    generator.dispose();
  }
  const measures = measuresOf(game, last, COUNT);
  last.dispose();
  const caption = `total variation ${measures.total_variation_ratio.toFixed(3)}, V(D, G) ${measures.value_function_nats.toFixed(3)} nats at the end; at the optimum 0 and ${(-Math.log(4)).toFixed(3)}`;
  const file = (name: string) => `${runFile(runDir, 'figures')}/${name}`;
  writeWhole(
    file('one-dimension.png'),
    await drawOneDimension([...begin, ...spaced(moments, PANELS)], caption),
  );
  writeWhole(file('one-dimension-history.png'), await drawHistory(passed));
  writeWhole(file('one-dimension.gif'), await drawAnimation(await drawMoments([...begin, ...moments])));
  const { generator_loss_nats, ...measured } = measures;
  return measured;
}

interface Game {
  config: RunConfig;
  data: Gaussian;
  source: DistributionSource;
}

function gameOf(config: RunConfig): Game {
  const { data } = config;
  assert(data.source === 'gaussian-1d', () => `data of ${data.source} are not one Gaussian`);
  return { config, data, source: mixtureSource(data) };
}

/** Some of them, the first and the last among them, closer together at the beginning, where more happens. */
export function spaced<T>(all: readonly T[], count: number): T[] {
  const chosen = Array.from({ length: count }, (_, i) =>
    Math.round(((all.length - 1) * i ** 2) / (count - 1) ** 2),
  );
  return [...new Set(chosen)].map((i) => all[i]!);
}

/** D's steps before G's first. */
const aloneSteps = ({ schedule }: RunConfig): number => versionsAfter(schedule, 1).discriminator;

/** Both nets before the first step, and the same G with the D of the first round. */
function beginning({ architecture }: RunGenerator, { config, source }: Game) {
  const start = (net: Net) => initialParameters(architecture[net].manifest, { seed: config.seed, net });
  const untrained = { generator: start('generator'), discriminator: start('discriminator') };
  const { discriminator } = trainReference(config, source, 1);
  return { untrained, alone: { ...untrained, discriminator } };
}

function measuresOf({ data, source }: Game, players: Playing, count: number) {
  const generated = players.draw({ count, seed: 0 });
  const real = new Float32Array(count);
  source.draw(SEED, real);
  const at = spread(data, SUPPORT);
  return oneDimension(data, {
    generated,
    generatedLogits: players.logits(generated),
    realLogits: players.logits(real),
    support: { at, logits: players.logits(Float32Array.from(at)) },
  });
}

function momentOf({ config, data }: Game, players: Playing, title: string): Moment {
  const at = spread(data, 5);
  const width = at[1]! - at[0]!;
  const generated = at.map(() => 0);
  for (const x of players.draw({ count: COUNT, seed: 0 })) {
    const i = Math.round((x - at[0]!) / width);
    if (i >= 0 && i < POINTS) generated[i]! += 1 / (COUNT * width);
  }
  return {
    title,
    at,
    real: at.map((x) => densityAt(x, data)),
    generated,
    discriminator: Array.from(players.logits(Float32Array.from(at)), sigmoid),
    mapping: mappingOf(players, config.model.latent),
  };
}

/** Where G takes evenly spaced values of the number of z that moves a sample furthest, the others being 0. */
function mappingOf(players: Playing, latent = 1): Moment['mapping'] {
  const z = Array.from({ length: WAYS }, (_, i) => (2 * i) / (WAYS - 1) - 1);
  const along = (axis: number) => {
    const latents = new Float32Array(WAYS * latent);
    for (const [i, share] of z.entries()) latents[i * latent + axis] = share * Math.sqrt(3);
    return Array.from(players.drawAt({ latents, seed: 0 }));
  };
  const ways = Array.from({ length: latent }, (_, axis) => along(axis));
  const reach = (way: readonly number[]) => Math.max(...way) - Math.min(...way);
  const furthest = ways.reduce((best, way) => (reach(way) > reach(best) ? way : best));
  return z.map((share, i) => ({ z: share, x: furthest[i]! }));
}
