// Networks of one's own, which a module makes of its options and the shape of an item.
import { z } from 'zod';
import { kindOf, ModuleError, madeBy, ownModule, placeOf } from '../modules/own-module.js';
import { type Shape, sizeOf } from '../numerics/shape.js';
import { NETS, type Net } from '../parameters/manifest.js';
import { moduleKeys } from '../variants.js';
import { type Architecture, modelEntry } from './architecture.js';
import { type ConditionalOptions, conditionalOptions, type Labelling, labelling } from './labels.js';
import { type Network, whereMade } from './network.js';
import { latent, latentCodes, latentDistribution, spectralNorm } from './options.js';

export const ownNetworks = modelEntry({
  options: z
    .looseObject({
      ...moduleKeys,
      latent: latent.optional().describe('handed to the module, which may decide by itself'),
      latentDistribution: latentDistribution.default('normal'),
      latentCodes,
      ...conditionalOptions,
      spectralNorm: spectralNorm.default([]),
    })
    .describe('networks of your own, which a file makes (docs/your-own.md)'),
  build(options, itemShape, classes, condition) {
    const known = ['latentDistribution', 'latentCodes', 'spectralNorm', ...Object.keys(conditionalOptions)];
    const labels = labelling(options, classes);
    const make = () => madeBy(options, 'networks', { known, given: [[...itemShape], labels, condition] });
    const made = make();
    const expected = { itemShape, labels, condition, conditional: options.conditional };
    const { file } = ownModule(options);
    const refused = (net: Net | undefined, what: string) => {
      const network = net && (made as Architecture)[net];
      const place = isNetwork(network) ? placeOf(options, whereMade(network)) : file;
      return new ModuleError(place, what);
    };
    for (const net of NETS) {
      const network = (made as Partial<Architecture> | undefined)?.[net];
      if (!isNetwork(network)) {
        const found =
          network === undefined ? `returned ${kindOf(made)}` : `returned ${kindOf(network)} as its ${net}`;
        throw refused(
          undefined,
          `it ${found}; expected { generator, discriminator }, each made with network('${net}', inputShape, layers)`,
        );
      }
      if (network.net !== net)
        throw refused(
          net,
          `the ${net} was made with network('${network.net}', …); expected network('${net}', …)`,
        );
      const [what, why] = complaintOf(network, expected) ?? [];
      if (what !== undefined) throw refused(net, `the ${net} ${what}, and ${why}`);
    }
    const again = make() as Architecture;
    for (const net of NETS)
      if (planOf(again[net]) !== planOf((made as Architecture)[net]))
        throw refused(
          net,
          `the ${net} was made twice, and the second has other tensors: each process of a run makes it anew, so it may follow from options and ` +
            'itemShape alone, not from Math.random, a clock or a counter',
        );
    return made as Architecture;
  },
});

/** Names, shapes and beginnings of a network's tensors. */
const planOf = ({ manifest }: Network): string => JSON.stringify(manifest);

const isNetwork = (value: unknown): value is Network =>
  typeof (value as Partial<Network> | undefined)?.apply === 'function' &&
  (value as Partial<Network>).manifest !== undefined;

const inWords = (shape: Shape | undefined): string => (shape ? `[${shape.join(', ')}]` : 'nothing');

interface Expected {
  itemShape: Shape;
  labels: Labelling;
  condition: Shape | undefined;
  conditional: ConditionalOptions['conditional'];
}

/** What of a network does not fit the items of the run, and what would. */
function complaintOf(
  network: Network,
  { itemShape, labels, condition, conditional }: Expected,
): [string, string] | undefined {
  const { net, inputs, outputShape } = network;
  const items = inWords(itemShape);
  const { generatorInputs, discriminatorInputs, classes } = labels;
  const told = net === 'generator' ? generatorInputs(1).labels : discriminatorInputs(itemShape).labels;
  const areKnown = classes > 0 || conditional === 'none';
  if (areKnown && inWords(inputs.labels) !== inWords(told))
    return [
      inputs.labels ? `takes labels of shape ${inWords(inputs.labels)}` : 'takes no labels',
      told
        ? `model.conditional is ${conditional}, with ${classes} classes: labels.${net}Inputs(…) and the layers that labels holds give it them`
        : `is told none (model.conditional: ${conditional})`,
    ];
  const isPicture = inWords(inputs.condition) === inWords(condition);
  if (!isPicture && (net === 'generator' || inputs.condition))
    return [
      `takes ${inputs.condition ? `a condition of shape ${inWords(inputs.condition)}` : 'no condition'}`,
      condition
        ? `the data are pairs, and what items are made from has shape ${inWords(condition)}: network('${net}', { condition, … }, …) takes it, by the function's fourth argument`
        : 'the data are no pairs (data.pairs)',
    ];
  if (net === 'generator') {
    if (inputs.latents === undefined && !condition)
      return [`takes ${Object.keys(inputs).join(', ')}`, 'latents are what it is given'];
    if (inWords(outputShape) === items) return undefined;
    const mend =
      sizeOf(outputShape) === sizeOf(itemShape)
        ? `reshape('item', itemShape) at its end makes them so`
        : 'its last layer has to give as many numbers';
    return [`makes items of shape ${inWords(outputShape)}`, `the data has items of shape ${items}: ${mend}`];
  }
  if (inWords(inputs.items) !== items)
    return [
      `takes items of shape ${inWords(inputs.items)}`,
      `the data has items of shape ${items}: give it itemShape`,
    ];
  const { outputs } = labels;
  if (inWords(outputShape) === inWords([outputs])) return undefined;
  if (condition && outputShape.length === 3 && outputShape[2] === 1) return undefined; // a logit a patch
  return [
    `gives ${inWords(outputShape)} for an item`,
    outputs > 1
      ? `a D that tells classes or codes gives a logit and one for each, [${outputs}]: labels.head('logit') at its end`
      : "one number is expected: dense('logit', 1) at its end",
  ];
}
