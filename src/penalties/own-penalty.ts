// A penalty of one's own, which a module exports: a term that is added to the loss of its net.
import { z } from 'zod';
import { scalarOf } from '../losses/own-loss.js';
import { kindOf, ModuleError, madeBy, ownModule } from '../modules/own-module.js';
import { moduleKeys } from '../variants.js';
import { type Penalty, type PenaltyContext, penaltyEntry } from './penalty.js';

const options = z
  .looseObject(moduleKeys)
  .describe('a penalty of your own, which a file exports as `penalty` or by default (docs/your-own.md)');

/** An entry for penalties on a net, which are given what its own are. */
export const ownPenalty = <C extends PenaltyContext>() =>
  penaltyEntry<C>()({
    options,
    make(options) {
      const module = ownModule(options);
      const made = madeBy(options, 'penalty');
      if (typeof made !== 'function')
        throw new ModuleError(
          module.file,
          `its penalty is ${kindOf(made)}; expected a function (options) => (context) => scalar, which makes the term's function`,
        );
      const term = made as Penalty<C>;
      return (context) => scalarOf(module, 'its penalty', () => term(context));
    },
  });
