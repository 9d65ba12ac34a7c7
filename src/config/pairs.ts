// What goes together with data that are pairs, and what needs them: image to image.
import { type DataOptions, pairsOf } from '../data/options.js';

interface Paired {
  data: DataOptions;
  model: { name: string; conditional: string };
  penalties: Readonly<Record<'discriminator' | 'generator', readonly { name: string }[]>>;
  augmentation: { name: string };
}

/** Networks that can be given a picture. */
const TAKES_PICTURES: readonly string[] = ['pix2pix', 'module'];

/** Sources of pictures of any size, which may be two beside each other. */
const HAS_HALVES: readonly string[] = ['images', 'parquet'];

interface Wrong {
  path: (string | number)[];
  message: string;
}

/** What is wrong with a config's pairs, each with its place. */
export function wrongPairs(config: Paired): Wrong[] {
  return pairsOf(config.data) ? wrongWithPairs(config) : wrongWithoutPairs(config);
}

const placesOf = ({ penalties }: Paired, net: 'discriminator' | 'generator', name: string) =>
  penalties[net].flatMap((penalty, i) => (penalty.name === name ? [['penalties', net, i]] : []));

const TO_HAVE_PAIRS = "set 'data.pairs.name', such as masked, with data of pictures";

function wrongWithoutPairs(config: Paired): Wrong[] {
  const { model } = config;
  return [
    ...(model.name === 'pix2pix'
      ? [
          {
            path: ['model', 'name'],
            message: `pix2pix makes a picture of a picture, and the data are no pairs: ${TO_HAVE_PAIRS}, or choose another model`,
          },
        ]
      : []),
    ...placesOf(config, 'generator', 'pixel-l1').map((path) => ({
      path,
      message: `pixel-l1 compares G's picture with the one that it was to make, and the data are no pairs: ${TO_HAVE_PAIRS}, or leave it out`,
    })),
  ];
}

function wrongWithPairs(config: Paired): Wrong[] {
  const { data, model, augmentation } = config;
  const wrong: Wrong[] = [];
  const refuse = (path: (string | number)[], message: string) => void wrong.push({ path, message });
  if (pairsOf(data)!.name === 'side-by-side' && !HAS_HALVES.includes(data.source))
    refuse(
      ['data', 'pairs', 'name'],
      `side-by-side takes the halves of pictures in files, and 'data.source' is ${data.source}: set that to ${HAS_HALVES.join(' or ')}, or choose ` +
        'grayscale, downsampled or masked',
    );
  if (!TAKES_PICTURES.includes(model.name))
    refuse(
      ['model', 'name'],
      `${model.name} makes pictures of noise, and 'data.pairs' gives it pictures to make them of: set 'model.name' to pix2pix, or leave 'data.pairs' out`,
    );
  if (model.conditional !== 'none')
    refuse(
      ['model', 'conditional'],
      `labels and 'data.pairs' do not go together: set 'model.conditional' to none, or leave 'data.pairs' out`,
    );
  if ('contrast' in data && data.contrast)
    refuse(
      ['data', 'contrast'],
      "it would change a picture and not the one that it is made from: leave it or 'data.pairs' out",
    );
  if (augmentation.name !== 'none')
    refuse(
      ['augmentation', 'name'],
      `${augmentation.name} would change a picture and not the one that it is made from: set 'augmentation.name' to none; 'data.mirror' mirrors both`,
    );
  for (const path of placesOf(config, 'discriminator', 'consistency'))
    refuse(path, 'consistency would change a picture and not the one that it is made from: leave it out');
  return wrong;
}
