// A loss of one's own, which a module exports: two formulas over what D gives for real and for generated items.
import type * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { kindOf, located, ModuleError, madeBy, type OwnModule, ownModule } from '../modules/own-module.js';
import { moduleKeys } from '../variants.js';
import { type GanLoss, lossEntry } from './loss.js';

type Formula = GanLoss['discriminator'];

/** What a module makes: `generatorSees` is 'fake' and `discriminatorGives` is 'score' where it does not say otherwise. */
export type OwnLoss = Pick<GanLoss, 'discriminator' | 'generator'> &
  Partial<Pick<GanLoss, 'generatorSees' | 'discriminatorGives'>>;

export const ownLoss = lossEntry({
  options: z
    .looseObject(moduleKeys)
    .describe('a loss of your own, which a file exports as `loss` or by default (docs/your-own.md)'),
  make(options) {
    const module = ownModule(options);
    const made = madeBy(options, 'loss');
    const {
      discriminator,
      generator,
      generatorSees = 'fake',
      discriminatorGives = 'score',
    } = partsOf(made, module.file);
    const formula =
      (net: string, body: Formula): Formula =>
      (logits) =>
        scalarOf(module, `${net}'s loss`, () => body(logits));
    return {
      discriminator: formula('D', discriminator),
      generator: formula('G', generator),
      generatorSees,
      discriminatorGives,
    };
  },
});

function partsOf(made: unknown, file: string): OwnLoss {
  const parts = (made ?? {}) as Partial<OwnLoss>;
  const refused = (found: string) =>
    new ModuleError(
      file,
      `its loss ${found}; expected { discriminator: ({ real, fake }) => scalar, generator: ({ fake }) => scalar } and, where ` +
        "they differ from these, generatorSees: 'fake' | 'both', discriminatorGives: 'score' | 'logit'",
    );
  if (typeof parts.discriminator !== 'function' || typeof parts.generator !== 'function')
    throw refused(`is ${kindOf(made)}`);
  const { generatorSees = 'fake', discriminatorGives = 'score' } = parts;
  if (!['fake', 'both'].includes(generatorSees)) throw refused(`has generatorSees '${generatorSees}'`);
  if (!['score', 'logit'].includes(discriminatorGives))
    throw refused(`has discriminatorGives '${discriminatorGives}'`);
  return parts as OwnLoss;
}

/**
 * What a module computes in a step, which must be one number, or its gradient is not that of a mean.
 * @throws NashError('usage')
 */
export function scalarOf(module: OwnModule, what: string, body: () => unknown): tf.Scalar {
  const value = located(module, what, body);
  const { shape } = (value ?? {}) as Partial<tf.Tensor>;
  if (Array.isArray(shape) && shape.length === 0) return value as tf.Scalar;
  const found = Array.isArray(shape) ? `a tensor of shape [${shape.join(', ')}]` : kindOf(value);
  throw new ModuleError(module.file, `${what} is ${found}; expected one number, such as tf.mean(…) of it`);
}
