// README.md of an export: what the model is, of what it was made, how good it is by which measure, and how it is loaded.
import { basename, isAbsolute } from 'node:path';
import { stringify } from 'yaml';
import type { RunConfig } from '../config/run-config.js';
import type { Classes } from '../data/classes.js';
import type { Format } from './files.js';
import { sumOf } from './folder.js';
import type { Evaluated } from './last-evaluation.js';
import { type Files, rangeOf, type Taken } from './taken.js';
import { isSequence, torchShape } from './torch-tensors.js';

/** @param files all others */
export function modelCard(taken: Taken, formats: readonly Format[], files: Files): string {
  const { run, step, isRaw, samples, generator, classes } = taken;
  const config = published(taken.config);
  const { architecture, latentDistribution, truncation } = generator;
  const [latent] = architecture.generator.inputs.latents!;
  const parameters = architecture.generator.manifest.size.toLocaleString('en');
  const name = config.model.name === 'module' ? 'a module of its own' : config.model.name;
  const noise = taken.graph.nodes.some(({ op }) => op === 'GatherV2')
    ? [
        `- noise inside G is fixed: sample i of a batch has that of sample i modulo ${samples.count} of \`nash sample\``,
      ]
    : [];
  return `# ${run}: a generator trained with Nash

![samples](samples.png)

- network: ${name}, ${parameters} parameters, ${isRaw ? `weights of step ${step}` : `weights averaged over G's steps up to ${step}`}
- data: ${dataOf(config.data)}
- latents: \`[n, ${latent}]\`, ${DISTRIBUTIONS[latentDistribution]}${codesOf(taken)}
${classes ? `- labels: \`[n]\`, from 0 to ${classes.counts.length - 1}${namesOf(classes)}\n` : ''}- samples: \`[n, ${samples.shape.join(', ')}]\`, ${rangeOf(samples.shape)}
${[...noise, ...(truncation === undefined ? [] : [`- styles are drawn towards their mean: truncation ${truncation}`])].map((line) => `${line}\n`).join('')}
\`samples.npy\` holds what it gives for \`latents.npy\`${classes ? ' and `labels.npy`' : ''}: the first ${samples.count} samples of \`nash sample${isRaw ? ' --raw' : ''}${truncation === undefined ? '' : ` --truncation ${truncation}`}\` from the run.

## How good it is

${measuresOf(taken.evaluated, config.data)}

## How it is loaded

${formats.map((format) => LOADING[format](taken)).join('\n\n')}

## How it was trained

\`\`\`yaml
${stringify(config, { flowCollectionPadding: false }).trim()}
\`\`\`

## Files

| file | bytes | sha256 |
| --- | --- | --- |
${[...files].map(([path, bytes]) => `| ${path} | ${bytes.length.toLocaleString('en')} | \`${sumOf(bytes)}\` |`).join('\n')}

## Licence

Not stated. Whoever trained this model says under which licence it may be used; that of the data it was trained with may bind it.${formats.includes('tfjs') ? TENSORFLOW_JS : ''}
`;
}

/** A config as strangers may read it: without where the server listened, and of a path that begins at a machine's root its last name. */
function published({ server: _, ...config }: RunConfig): Omit<RunConfig, 'server'> {
  const named = (_: string, value: unknown) =>
    typeof value === 'string' && isAbsolute(value) ? basename(value) : value;
  return JSON.parse(JSON.stringify(config, named));
}

const TENSORFLOW_JS =
  '\n`page/tensorflow.js` and `page/wasm.js` are TensorFlow.js, by its authors, under the Apache License 2.0.';

/** Names that say more than the numbers. */
const namesOf = ({ names = [] }: Classes): string =>
  names.some((name, label) => name !== String(label)) ? `: ${names.join(', ')}` : '';

const DISTRIBUTIONS = {
  normal: 'normal with mean 0 and deviation 1',
  uniform: 'uniform from -1.732 to 1.732 (mean 0, deviation 1)',
  truncated: 'normal, drawn anew until it lies within two deviations',
} as const;

function codesOf({ generator }: Taken): string {
  const { codes } = generator.architecture;
  if (!codes) return '';
  const categories = codes.categories.map((values) => `${values} numbers of which one is 1`);
  const continuous = codes.continuous > 0 ? [`${codes.continuous} uniform from -1 to 1`] : [];
  return `; the last are codes: ${[...categories, ...continuous].join(', ')}`;
}

const dataOf = ({ source, ...rest }: RunConfig['data']): string =>
  `${source}${'path' in rest ? `, \`${rest.path}\`` : ''}${'split' in rest ? `, ${rest.split} split` : ''}`;

const NUMBER = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });

function measuresOf(evaluated: Evaluated | undefined, { source }: RunConfig['data']): string {
  if (!evaluated) return 'The run was not evaluated. `nash evaluate RUN_DIR` measures it.';
  const rows = evaluated.values.map(
    ({ name, value, says, better, samples }) =>
      `| ${name} | ${NUMBER.format(value)} | ${better ? `${better} is better` : ''} | ${samples > 0 ? samples.toLocaleString('en') : ''} | ${says} |`,
  );
  return `By the run's evaluator, at step ${evaluated.step}: samples of the averaged weights against the data of \`${source}\` that G was trained with.
\`nash evaluate RUN_DIR --json\` computes these and others with every constant of their protocols.

| measure | value | | samples | what it says |
| --- | --- | --- | --- | --- |
${rows.join('\n')}`;
}

const python = (...lines: string[]): string => `\`\`\`python\n${lines.join('\n')}\n\`\`\``;

const LOADING: Readonly<Record<Format, (taken: Taken) => string>> = {
  'saved-model': ({ classes }) => {
    const labels = classes ? ' and `labels` (int32)' : '';
    const says = `**TensorFlow.** The signature \`serving_default\` takes \`latents\`${labels} and gives \`samples\`, of any number.`;
    const lines = [
      'import numpy, tensorflow',
      'generate = tensorflow.saved_model.load(".").signatures["serving_default"]',
      'latents = tensorflow.constant(numpy.load("latents.npy"))',
      ...(classes ? ['labels = tensorflow.constant(numpy.load("labels.npy"))'] : []),
      `samples = generate(latents=latents${classes ? ', labels=labels' : ''})["samples"].numpy()`,
    ];
    return `${says}\n\n${python(...lines)}`;
  },
  onnx: ({ classes }) => {
    const labels = classes ? ', "labels": numpy.load("labels.npy")' : '';
    const lines = [
      'import numpy, onnxruntime',
      'session = onnxruntime.InferenceSession("model.onnx")',
      `(samples,) = session.run(["samples"], {"latents": numpy.load("latents.npy")${labels}})`,
    ];
    return `**ONNX.** \`model.onnx\` has the same inputs and output.\n\n${python(...lines)}`;
  },
  tfjs: ({ classes }) => {
    const says =
      '**Browsers.** `index.html` draws samples with nothing but this folder: open it as a file. In a program of your own:';
    const lines = [
      "const model = await tf.loadGraphModel('model.json');",
      `const samples = model.execute({ latents${classes ? ', labels' : ''} });`,
    ];
    return `${says}\n\n\`\`\`js\n${lines.join('\n')}\n\`\`\``;
  },
  safetensors: (taken) => {
    const shape = torchShape(taken.samples.shape).join(', ');
    const says = `**PyTorch.** \`generator.safetensors\` has PyTorch's names and layouts; samples are \`[n, ${shape}]\` there.`;
    const lines = isSequence(taken)
      ? [
          'from generator import load  # generator.py builds the network and loads it, strict',
          `samples = load()(${taken.classes ? 'latents, labels' : 'latents'})`,
        ]
      : [
          'from safetensors.torch import load_file',
          'weights = load_file("generator.safetensors")  # the network itself is for you to write',
        ];
    return `${says}\n\n${python(...lines)}`;
  },
};
