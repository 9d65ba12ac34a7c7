// A trial of networks, loss and penalties of one's own before anything is begun: a shard of each kind of step, compiled and run once on
// made-up items. What is wrong with them is one error that names the user's line, where workers would find it one after another.
import { loadTensorFlow } from '../compiler/tensorflow.js';
import { modulesOf } from '../config/module-references.js';
import type { RunConfig } from '../config/run-config.js';
import type { Classes } from '../data/classes.js';
import { messageOf, type NashError } from '../errors.js';
import { type Network, whereMade } from '../models/network.js';
import { atOwnPlace, ModuleError, type ModuleReference, ownModule, placeOf } from '../modules/own-module.js';
import type { Shape } from '../numerics/shape.js';
import { firstNotFinite } from '../numerics/vectors.js';
import type { Net } from '../parameters/manifest.js';
import { stepKindsOf } from '../protocol/schedule.js';
import { netOf, type StepKind } from '../protocol/step-kinds.js';
import { networksOf } from '../run/open-run.js';
import { scheduleOf, stepContextOf } from '../steps/steps.js';
import { GradientComputer } from './shard-gradient.js';

/**
 * @param config its modules are loaded; tried in float32
 * @param itemShape of the data
 * @param classes of the data, in a conditional run
 * @throws NashError('usage')
 */
export async function tryOut(config: RunConfig, itemShape: Shape, classes?: Classes): Promise<void> {
  Error.stackTraceLimit = FRAMES;
  const { device } = config;
  loadTensorFlow(device.kind === 'gpu' ? { ...device, kind: 'auto' } : device); // its host may have none, and workers may
  const { architecture } = await networksOf(config, itemShape, classes);
  const tried = { ...config, precision: 'float32' as const };
  const context = stepContextOf(tried, architecture, classes);
  const computer = new GradientComputer(tried, context, undefined);
  for (const stepKind of stepKindsOf(scheduleOf(config))) {
    const wrong = (what: string, cause?: unknown) => {
      const [, net] = /'(discriminator|generator)\//.exec(what) ?? [];
      const place = filesOf(config, net === undefined ? undefined : architecture[net as Net]);
      const step = `in the first step of the ${netOf(stepKind)}, which was tried,`;
      return new ModuleError(place, `${step} ${what.replace(/\s+/g, ' ')}`, cause);
    };
    tryStep(computer, stepKind, wrong);
  }
  computer.dispose();
}

/** Between an operation and the layer that asks for it lie more of tfjs than a stack shows by itself. */
const FRAMES = 200;

/** Where the network was made that something is said of, or the files of all modules. */
function filesOf(config: RunConfig, network: Network | undefined): string {
  if (network && config.model.name === 'module')
    return placeOf(config.model as ModuleReference, whereMade(network));
  return [...new Set(modulesOf(config).map((reference) => ownModule(reference).file))].join(', ');
}

function tryStep(
  computer: GradientComputer,
  stepKind: StepKind,
  wrong: (what: string, cause?: unknown) => NashError,
): void {
  let result: ReturnType<GradientComputer['tried']>;
  try {
    result = computer.tried(stepKind);
  } catch (error) {
    const placed = atOwnPlace(error, `the first step of the ${netOf(stepKind)}, which was tried,`);
    if (placed instanceof ModuleError) throw placed;
    throw wrong(/^Cannot compute gradient of y=f/.test(messageOf(error)) ? UNUSED : messageOf(error), error);
  }
  for (const [what, values] of Object.entries(result))
    if (firstNotFinite(values) >= 0)
      throw wrong(
        `the ${what === 'payload' ? 'gradient' : 'loss'} is not finite; look for divisions by 0, logarithms and roots of 0 and ` +
          'exponentials of large numbers',
      );
}

const UNUSED =
  "the net's loss does not depend on one of its parameters; whatever a layer lists in parameters has to be used by its apply, in a way " +
  'that has a gradient';
