// `npm run bench -- networks`: steps with penalties on D's gradient, and those of SNGAN's ResNets and of StyleGAN2, beside PyTorch's; and
// what a penalty costs beside the plain step.
import { rowOf } from './report.mjs';
import { takeTurns } from './rounds.mjs';

/** @typedef {import('./contestant.mjs').Contestant} Contestant */
/** @typedef {'discriminator' | 'generator'} Net */

/** Turns of each contestant and iterations a turn: medians of 9. */
const TURNS = { rounds: 3, count: 3 };
const PRECISIONS = /** @type {const} */ (['float32', 'bfloat16']);

/** What is trained: `game` of the peers' tasks; of several of PyTorch's ways the fastest counts. */
const GAMES = [
  { title: 'DCGAN width 64 with R1', game: 'r1', peers: ['r1'], nets: ['discriminator'], plain: '64' },
  {
    title: 'DCGAN width 64 with WGAN-GP',
    ...{ game: 'gradient-penalty', peers: ['gradient-penalty'], nets: ['discriminator'], plain: '64' },
  },
  { title: 'SNGAN ResNet', game: 'sngan', peers: ['sngan'], nets: ['discriminator', 'generator'] },
  {
    title: 'StyleGAN2 width 64',
    ...{ game: 'stylegan2', peers: ['stylegan2', 'stylegan2-grouped'], nets: ['discriminator', 'generator'] },
  },
];

/**
 * @param {(title: string, rows: import('./report.mjs').Row[]) => void} publish
 * @param {{ nash: Contestant, torch: Contestant | undefined }} contestants
 */
export async function networks(publish, { nash, torch }) {
  for (const { title, game, peers, nets, plain } of GAMES) {
    for (const net of nets) {
      const name = `${net === 'discriminator' ? 'D' : 'G'} gradient step, ${title}`;
      /** @type {import('./report.mjs').Row[]} */
      const rows = [];
      for (const precision of PRECISIONS) {
        const entry = (/** @type {Contestant} */ contestant, /** @type {string} */ of) => ({
          name: of,
          run: (/** @type {number} */ count) => contestant.run(`${net} ${of} ${precision}`, count),
        });
        const own = [entry(nash, game), ...(plain ? [entry(nash, plain)] : [])];
        const others = torch ? peers.map((peer) => entry(torch, peer)) : [];
        const ms = (await takeTurns([...own, ...others], TURNS)).map((result) => result.ms);
        const [ours = 0] = ms;
        rows.push(
          others.length > 0
            ? rowOf(
                `${name}, ${precision}, against PyTorch ${precision}`,
                'ms',
                ours,
                Math.min(...ms.slice(own.length)),
              )
            : rowOf(`${name}, ${precision}`, 'ms', ours),
        );
        if (plain)
          rows.push(rowOf(`${name}, ${precision}, times the plain D step`, 'times', ours / (ms[1] ?? ours)));
      }
      publish(`${name}, batch 64`, rows);
    }
  }
}
