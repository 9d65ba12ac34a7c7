// Faults that the tests must notice. Each is a claim that would be false of the source with `find` replaced by `put`; `find` stands in
// the file exactly once. Add one whenever a test is written that nothing else would have made fail.

/**
 * @typedef {object} Fault
 * @property {string} claim what would be wrong
 * @property {string} file
 * @property {string} find
 * @property {string} put
 * @property {readonly string[]} tests files that are expected to notice it; one that does is enough
 */

const STEPS = ['tests/unit/steps/golden.test.ts'];
const TRAINING = ['tests/unit/training.test.ts'];
const PENALTIES = ['tests/unit/penalties/penalties.test.ts', ...STEPS];
const AUGMENTATION = ['tests/unit/augmentation/augmentation.test.ts'];
const GOLDEN_SECOND = ['tests/unit/kernels/second-derivatives-golden.test.ts'];
const MODULES = ['tests/unit/modules/own-modules.test.ts'];
const SECOND = ['tests/unit/kernels/second-derivatives.test.ts', ...STEPS];

/**
 * @param {string} file @param {readonly string[]} tests
 * @param {readonly (readonly [claim: string, find: string, put: string])[]} faults
 * @returns {Fault[]}
 */
const of = (file, tests, faults) => faults.map(([claim, find, put]) => ({ claim, file, find, put, tests }));

const MEASURES = [
  'tests/unit/evaluation/measures/golden.test.ts',
  'tests/unit/evaluation/measures/by-hand.test.ts',
];
const LABELS = ['tests/unit/models/labels.test.ts', ...STEPS];
/** @type {readonly Fault[]} */
export const FAULTS = [
  ...of('src/evaluation/measures/precision-recall.ts', MEASURES, [
    ["Naeem's balls hold their rim", '(isClosed && distance === radius)', 'distance === radius'],
    ['density is not over k', '/ (k * sampleCount)', '/ sampleCount'],
    ['recall is coverage', 'isInside(distance, sampleRadii[j]!)', 'isInside(distance, radius)'],
  ]),
  ...of('src/evaluation/measures/distances.ts', MEASURES, [
    ['an item is its own neighbour', 'row[i] = Number.POSITIVE_INFINITY;', 'row[i] = 0;'],
    ['the last neighbours are not looked at', 'if (value >= least[k - 1]!)', 'if (value >= least[0]!)'],
  ]),
  ...of('src/evaluation/measures/frechet.ts', MEASURES, [
    ['covariances are the biased ones', 'centred[i]! / (count - 1)', 'centred[i]! / count'],
    ['the roots count once', '- 2 * roots', '- roots'],
  ]),
  ...of('src/evaluation/measures/kernel-distance.ts', MEASURES, [
    ['the estimate is biased', 'if (isOwn && i === j) continue;', ''],
    ["the kernel's product is not over its floats", 'product / size + 1', 'product + 1'],
  ]),
  ...of('src/evaluation/measures/parzen.ts', MEASURES, [
    ['pixels lie in [-1, 1]', 'value / 2 + 0.5', 'value + 0.5'],
    ['the first width is taken', 'WIDTHS[ofValidation.indexOf(Math.max(...ofValidation))]!', 'WIDTHS[0]!'],
    ['windows do not integrate to 1', '- nearest / scale - normalizer', '- nearest / scale'],
  ]),
  ...of('src/evaluation/measures/ms-ssim.ts', MEASURES, [
    ['every scale has luminance', 'isLast ? whole : contrast', 'whole'],
    ['windows do not shrink with images', '(size * DEVIATION) / WINDOW', 'DEVIATION'],
  ]),
  ...of('src/evaluation/measures/stacked-modes.ts', MEASURES, [
    [
      'a channel is a third of the pixels one after another',
      '(within % CHANNELS) * pixels + Math.floor(within / CHANNELS)',
      'within',
    ],
    ['a triple is told by its last channel', 'classes * triple + one', 'one'],
    ['a mode is captured by nothing', 'count > 0', 'count >= 0'],
  ]),
  ...of(
    'src/evaluation/measures/optimal-discriminator.ts',
    ['tests/unit/evaluation/one-dimension.test.ts'],
    [
      ['the most of V has one JS', '2 * found.js_divergence_nats', 'found.js_divergence_nats'],
      ['D is asked of samples twice', 'realLogits: logits(real)', 'realLogits: logits(samples)'],
    ],
  ),
  ...of('src/evaluation/measures/latent-sensitivity.ts', MEASURES, [
    ['differences are over half of their way', '/ (2 * REACH)', '/ REACH'],
    [
      'directions that move nothing are counted',
      'const isWide = size < latentSize;',
      'const isWide = false;',
    ],
    ['a sum over directions is a mean', 'trace / players!.latentSize', 'trace'],
    ['rounding is a direction', 'Math.max(values[0]!, floor)', 'values[0]!'],
    ['a G that stands still has a condition', 'values.at(-1)! > floor ?', 'values.at(-1)! > 0 ?'],
  ]),
  ...of('src/evaluation/measures/classification-accuracy.ts', MEASURES, [
    ['the score is of real items', 'accuracyOf(samples, labels)', 'ofReal'],
    ['held-out items need no classes', 'if (!testLabels) return', 'if (!test) return'],
  ]),
  ...of(
    'src/evaluation/reference.ts',
    ['tests/unit/evaluation/examiner.test.ts'],
    [
      [
        'a label is that of another item',
        'label: (index) => labels[at(index)],',
        'label: (index) => labels[at(index + 1)],',
      ],
    ],
  ),
  ...of('src/evaluation/measures/birthday.ts', MEASURES, [
    ['equal real items are the closest ones', 'distance <= least ||', 'distance < least ||'],
    [
      'a pair counts twice',
      'for (let j = i + 1; j < row.length; j++) count',
      'for (let j = 0; j < row.length; j++) count',
    ],
  ]),
  ...of('src/evaluation/measures/measures.ts', MEASURES, [
    ['what is not asked for is computed', 'asked.includes(metric)', 'metric'],
    ['what is not finite is compared', 'if (!areFinite && !measure.isStanding) continue;', ''],
    ['what is asked for changes the standing ones', "takes === 'own' &&", "takes !== 'own' &&"],
  ]),
  ...of(
    'src/cli/evaluation.ts',
    ['tests/unit/cli/evaluate-command.test.ts'],
    [
      [
        '--count says nothing to a file',
        'file.data.subarray(0, count * (',
        'file.data.subarray(0, file.shape[0]! * (',
      ],
      ['what is not asked for is told', 'onlyOf(asked, prepared.measure(', '((prepared.measure)('],
      ['too few samples are measured', 'if (count < needed)', 'if (count < 0)'],
    ],
  ),
  ...of(
    'src/cli/evaluation-parts.ts',
    ['tests/unit/cli/evaluate-command.test.ts'],
    [["samples of another shape are the data's", '` !== `', '` === `']],
  ),
  ...of(
    'src/data/tfd.ts',
    ['tests/unit/data/mat.test.ts'],
    [
      ['rows are columns', 'face + count * (row + rows * column)', 'face + count * (column + columns * row)'],
      ['the fold before is taken', 'count * (fold - 1)', 'count * (fold % 5)'],
      ['expressions are counted from 1', 'labels.values[face]! - 1', 'labels.values[face]!'],
    ],
  ),
  ...of(
    'src/data/mat.ts',
    ['tests/unit/data/mat.test.ts'],
    [
      ['a complex array has its real part alone', ' || isComplex', ''],
      ['a packed array is padded', 'type === COMPRESSED ? length :', 'type === MATRIX ? length :'],
      ['what is cut short is read', 'begin + length > bytes.length', 'begin > bytes.length'],
    ],
  ),
  ...of(
    'src/data/contrast.ts',
    ['tests/unit/data/contrast.test.ts'],
    [
      ['contrast is of the set', 'item[i]! - mean', 'item[i]!'],
      ['a picture of one colour is stretched', 'own / norm < NORM_MIN ?', 'own / norm < 0 ?'],
      ['two settings are the same data', 'digest: createHash', 'digest: source.digest, sum: createHash'],
      ['the span is the norm', '* factor) / span', '* factor) / norm'],
    ],
  ),
  ...of(
    'src/models/maxout.ts',
    ['tests/unit/models/architecture.test.ts'],
    [
      ['samples are not over the span', "scaled('overSpan', 1 / options.span)", "scaled('overSpan', 1)"],
      ['the last layer ahead has the name of a hidden one', 'i > g.ahead.length ?', 'i >= g.ahead.length ?'],
      [
        'the bias is of every hidden layer',
        "=== 'sigmoid' ? g.sigmoidBias : 0",
        "=== 'sigmoid' ? g.sigmoidBias : g.sigmoidBias",
      ],
    ],
  ),
  ...of(
    'src/models/maxout-conv.ts',
    ['tests/unit/models/architecture.test.ts'],
    [['D sees what is over the span', "scaled('span', options.span)", "scaled('span', 1)"]],
  ),
  ...of(
    'src/parameters/initial.ts',
    ['tests/unit/models/architecture.test.ts'],
    [['a weight is drawn twice', 'if (values[at] !== 0) continue;', '']],
  ),
  ...of(
    'src/data/read-npy.ts',
    ['tests/unit/cli/evaluate-command.test.ts'],
    [['what is no number is measured', 'if (odd >= 0)', 'if (odd > 1e9)']],
  ),
  ...of(
    'src/evaluation/reference.ts',
    ['tests/unit/cli/evaluate-command.test.ts'],
    [['--features items is a classifier', "features !== 'items' &&", '']],
  ),
  ...of(
    'src/server/training/evaluations.ts',
    ['tests/unit/server/training/evaluations.test.ts'],
    [['every evaluator is sent D', 'const against = this.seesDiscriminator ?', 'const against = true ?']],
  ),
  ...of(
    'src/server/training/best-checkpoint.ts',
    ['tests/unit/server/training/evaluations.test.ts'],
    [
      ['the worst is the best', "=== 'higher' ? 1 : -1", "=== 'lower' ? 1 : -1"],
      ['an earlier life has the best for ever', 'earlier.hasCheckpoint(step)', 'step > 0'],
      ['what came after what was gone on from is the best', 'earlier.round + 1', '1e9'],
    ],
  ),
  ...of(
    'src/config/measures.ts',
    ['tests/unit/config/load-config.test.ts'],
    [['a checkpoint is the best by what nobody computes', 'measure.isStanding || isAsked', 'measure']],
  ),
  ...of(
    'src/evaluation/inception-graph.ts',
    ['tests/unit/cli/evaluate-command.test.ts'],
    [
      ['Inception sees pictures from -1 to 1', '(value + 1) * 127.5', 'value'],
      ['any file is Inception', 'wanted.toLowerCase() !== sha256', "wanted === ''"],
      [
        'a batch stands where another did',
        'all.features.set(features, from * size)',
        'all.features.set(features)',
      ],
    ],
  ),
  ...of(
    'src/evaluation/measures/inception.ts',
    ['tests/unit/cli/evaluate-command.test.ts'],
    [['the score is of all samples at once', 'const SPLITS = 10', 'const SPLITS = 1']],
  ),
  ...of(
    'src/server/peers/liveness.ts',
    ['tests/unit/server/peers/liveness.test.ts'],
    [
      [
        'a worker that is slow is ended as soon as the one before it, for ever',
        'this.doublings(peer) + 1',
        'this.doublings(peer)',
      ],
      [
        'the patience with who never answers grows without end',
        'Math.min(DOUBLINGS_MAX, this.doublings(peer) + 1)',
        'this.doublings(peer) + 1',
      ],
      [
        'a server that was stopped takes everybody for hung',
        'if (awayMs < AWAY_MS) return;',
        'if (awayMs > 0) return;',
      ],
      [
        'a server that was stopped ends whoever has connected anew meanwhile',
        'this.noteAbsence(); // the news',
        '// the news',
      ],
    ],
  ),
  ...of(
    'src/server/peers/reception.ts',
    ['tests/unit/server/peers/liveness.test.ts'],
    [
      [
        'who was given up once is waited for longer, whatever it answers',
        "case 'answer':\n        liveness.answered(peer);",
        "case 'answer':",
      ],
    ],
  ),
  ...of(
    'src/transport/dealer.ts',
    ['tests/cluster/busy-worker.test.ts'],
    [
      [
        'a worker that computes reads no heartbeats, and is taken for dead',
        'receiveHighWaterMark: UNBOUNDED,',
        '',
      ],
    ],
  ),
  ...of('src/compiler/double-distances.ts', MEASURES, [
    ['half of the digits are lost', 'sum[i] = high[i]! + low[i]!', 'sum[i] = high[i]!'],
    ['an item lies a rounding from itself', 'ROUNDING = 1e-12', 'ROUNDING = 0'],
  ]),
  ...of('src/kernels/warp.ts', AUGMENTATION, [
    ['pictures move the other way', 'tf.sub(to, shift)', 'tf.add(to, shift)'],
    ['the middle of a picture is its edge', '(n - 1) / 2', 'n / 2'],
  ]),
  ...of('src/augmentation/transforms.ts', AUGMENTATION, [
    ['pictures move half as far', 'TRANSLATION = 1 / 8', 'TRANSLATION = 1 / 16'],
    ['what is cut out is all the rest', 'tf.sub(1, tf.mul(rows, columns))', 'tf.mul(rows, columns)'],
    [
      'every picture is mirrored',
      'isMirrored = tf.cast(tf.less(uniform(x, seeds), 0.5)',
      'isMirrored = tf.cast(tf.less(uniform(x, seeds), 1.5)',
    ],
    [
      'what is to happen now and then happens always',
      'tf.less(uniform(x, seeds), probability)',
      'tf.less(uniform(x, seeds), 1.5)',
    ],
  ]),
  ...of(
    'src/augmentation/instance-noise.ts',
    ['tests/unit/steps/instance-noise.test.ts'],
    [
      [
        'noise comes back after its steps',
        'Math.max(0, 1 - generatorSteps / steps)',
        'Math.abs(1 - generatorSteps / steps)',
      ],
      [
        'noise has another deviation',
        'tf.mul(randomNormal(items.shape, seeds), deviation)',
        'randomNormal(items.shape, seeds)',
      ],
    ],
  ),
  ...of(
    'src/steps/shown.ts',
    ['tests/unit/steps/instance-noise.test.ts'],
    [['D sees items without their noise', 'noise ? noisy(changed, noise, seeds) : changed', 'changed']],
  ),
  ...of('src/augmentation/augmentation.ts', AUGMENTATION, [
    [
      "ADA's probability runs away from its target",
      'tf.sub(slot(SIGN), target)',
      'tf.sub(target, slot(SIGN))',
    ],
    ["ADA's probability leaves its bounds", 'tf.clipByValue(moved, 0, 1)', 'moved'],
  ]),
  ...of(
    'src/steps/shown.ts',
    ['tests/unit/steps/packing.test.ts'],
    [
      [
        'a pack is one picture after another',
        '[0, ...sides.map((_, i) => i + 2), 1, item.length + 1]',
        '[0, 1, ...sides.map((_, i) => i + 2), item.length + 1]',
      ],
    ],
  ),
  ...of(
    'src/parameters/frozen.ts',
    ['tests/unit/server/training/parameter-store.test.ts'],
    [
      ['a stretch that stays swallows the next', 'if (last?.isFrozen === isFrozen)', 'if (last)'],
      ['a layer of the other net stays too', 'fullName(net, name), freeze)', 'name, freeze)'],
    ],
  ),
  ...of(
    'src/server/training/parameter-store.ts',
    ['tests/unit/server/training/parameter-store.test.ts'],
    [['a run that goes back to its beginning draws all of it', 'this.first(net) ?? drawn()', 'drawn()']],
  ),
  ...of(
    'src/server/training/version-maker.ts',
    ['tests/unit/server/training/parameter-store.test.ts'],
    [
      [
        'what stays has no moments, but what lay there',
        '...stateInto.map((into, i) => copying(into, state[i]!)),',
        '',
      ],
      [
        'the norm is that of the first stretch',
        '(makings[i]!.isUpdate ? measure.squaredNorm : 0)',
        '(i === 0 ? measure.squaredNorm : 0)',
      ],
    ],
  ),
  ...of(
    'src/data/pixel-means.ts',
    ['tests/unit/run/first-bias.test.ts'],
    [
      ['means are of the items that are read first', 'from < count; from', 'from < ITEMS; from'],
      ['means are summed in single precision', 'new Float64Array(', 'new Float32Array('],
    ],
  ),
  ...of(
    'src/models/output-bias.ts',
    ['tests/unit/run/first-bias.test.ts'],
    [
      ["a pixel's mean is on [-1, 1]", '(value + 1) / 2', 'value'],
      ['a tanh is undone as a sigmoid is', 'logit(value) / 2', 'logit(value)'],
      ['a black pixel has an infinite bias', 'Math.max(LEAST_MEAN, (value + 1) / 2)', '(value + 1) / 2'],
      ['what G is over is forgotten', '(value * span)', '(value)'],
    ],
  ),
  ...of(
    'src/config/run-config.ts',
    ['tests/unit/run/first-bias.test.ts'],
    [
      [
        'points of a distribution have pixels',
        "'pixel-means' && !('path' in data)",
        "'pixel-means' && false",
      ],
    ],
  ),
  ...of(
    'src/run/first-bias.ts',
    ['tests/unit/run/first-bias.test.ts'],
    [['a bias that is drawn is not', "if (config.init.outputBias === 'drawn') return undefined;", '']],
  ),
  ...of(
    'src/run/open-run.ts',
    ['tests/unit/run/first-bias.test.ts'],
    [
      [
        'pictures are decoded for a G that has no such bias',
        'requireOutputBias(config, architectureOf(config, shape))',
        'architectureOf(config, shape)',
      ],
    ],
  ),
  ...of(
    'src/server/first-weights.ts',
    ['tests/unit/server/first-weights.test.ts'],
    [
      ["the data's bias lies where G begins", 'bias.entry.offset', '0'],
      [
        "a file's beginning forgets the data's bias",
        'taken(config, from, layout, vectorOf)',
        'taken(config, from, layout, (net) => initialParameters(layout.manifest(net, 0), { seed: config.seed, net }))',
      ],
      ['tensors of any shape are taken', 'if (tensor.shape.join() === shape.join())', 'if (true)'],
      ['init.only is not heeded', 'if (only.length > 0 &&', 'if (false &&'],
      ['slots are taken into weights', 'take(entry, size)', 'take(entry, 0)'],
      ['a file that changed is taken', 'if (hashOf(bytes) !== fromHash)', 'if (false)'],
      [
        'a run goes on from another beginning',
        'places.includes(resolve(from)) ? file : undefined',
        'undefined',
      ],
      ['a run may begin with nothing of what was asked for', 'if (fates.taken.length === 0)', 'if (false)'],
      [
        'a slip of the keyboard freezes nothing',
        'if (!names.some((name) => name.startsWith(prefix)))',
        'if (false)',
      ],
      ['weights that are no numbers are taken', 'if (index >= 0) throw', 'if (false) throw'],
    ],
  ),

  ...of('src/models/labels.ts', LABELS, [
    ["the projection of the label is taken from D's logit", 'tf.add(psi.apply(', 'tf.sub(psi.apply('],
    [
      'a label beside a picture marks its first row alone',
      '[1, ...sides, 1]',
      '[1, ...sides.map((s, i) => (i ? s : 1)), 1]',
    ],
    [
      'D is told labels where it is to tell them',
      "mode === 'concat' ? beside : []",
      "mode !== 'none' ? beside : []",
    ],
  ]),
  ...of('src/models/layers.ts', LABELS, [
    [
      "conditional batch norm's offset scales",
      "ofClass('scale')), ofClass('offset')",
      "ofClass('scale')), ofClass('scale')",
    ],
  ]),
  ...of('src/steps/labels.ts', STEPS, [
    [
      "labels of fake items are not in the data's proportions",
      'upTo += count;',
      'upTo += total / counts.length;',
    ],
    [
      "the class's cross-entropy is turned round",
      'tf.mul(-classes.auxiliaryWeight,',
      'tf.mul(classes.auxiliaryWeight,',
    ],
    [
      "an auxiliary classifier's accuracy is how often it errs",
      'tf.equal(tf.argMax',
      'tf.notEqual(tf.argMax',
    ],
  ]),
  ...of('src/steps/latents.ts', STEPS, [
    [
      'D is told other labels of fake items than G was',
      '...beside } = drawn;',
      '...beside } = { ...drawn, ...(drawn.labels && { labels: drawn.labels.reverse(0) }) };',
    ],
  ]),
  ...of(
    'src/data/sampler.ts',
    ['tests/unit/data/sampler.test.ts'],
    [
      [
        'labels are those of the next item',
        'source.label(index)!',
        'source.label((index + 1) % source.count)!',
      ],
    ],
  ),
  ...of(
    'src/data/mixture.ts',
    ['tests/unit/data/sampler.test.ts'],
    [
      [
        "a mixture's label is not its mode",
        '/ dimensions] = label',
        '/ dimensions] = (label + 1) % modes.length',
      ],
    ],
  ),
  ...of(
    'src/data/classes.ts',
    ['tests/unit/data/classes.test.ts'],
    [['an item without a label is left out', 'if (unlabelled > 0)', 'if (unlabelled < 0)']],
  ),
  ...of(
    'src/evaluation/sample-labels.ts',
    ['tests/unit/evaluation/sample-labels.test.ts'],
    [
      ['a grid has all classes in a row', 'Math.floor(i / columns) % classes.length', 'i % classes.length'],
      ['a figure has rows of classes without items', 'count > 0 ? [label] : []', '[label]'],
    ],
  ),
  ...of(
    'src/evaluation/sample-drawer.ts',
    ['tests/unit/evaluation/sample-drawer.test.ts'],
    [
      [
        "a later batch has the first one's labels",
        'labels.subarray(from, from + BATCH)',
        'labels.subarray(0, BATCH)',
      ],
    ],
  ),
  ...of(
    'src/evaluation/measures/class-agreement.ts',
    ['tests/unit/evaluation/measures/measures.test.ts'],
    [
      [
        'agreement is told of every sample, whatever its label',
        'return right / meant;',
        'return right / labels.length;',
      ],
      ['the least agreement is the largest', 'Math.min(...shares)', 'Math.max(...shares)'],
    ],
  ),
  ...of(
    'src/evaluation/examiner.ts',
    ['tests/unit/evaluation/examiner.test.ts'],
    [
      [
        'real pictures of a conditional run stand in any order',
        'labels ? realOfClasses(source, labels) : real',
        'real',
      ],
    ],
  ),
  ...of(
    'src/run-folder/ownership.ts',
    ['tests/unit/run-folder/ownership.test.ts'],
    [
      [
        'copies of modules stay when a run is replaced',
        'modules: /^[0-9a-f]{64}\\.(cjs|sources\\.txt)$/',
        'modules: /^$/',
      ],
    ],
  ),
  ...of('src/modules/bundle.ts', MODULES, [
    ['a module has another hash under another name', 'sourcefile: ENTRY,', 'sourcefile: basename(file),'],
    ['a compiler’s settings that lie near decide the text', "tsconfigRaw: '{}',", ''],
    ['a module may import another tfjs', 'if (wrong === undefined) continue;', 'continue;'],
  ]),
  ...of('src/modules/own-module.ts', MODULES, [
    ['a module is asked with its path as an option', '!KEYS.has(key) && !known', '!known'],
    ['the schema of a module is not asked', 'if (schema === undefined) return options;', 'return options;'],
    [
      'a loss that is exported by name is not found',
      'exports[purpose] ?? exports.default',
      'exports.default',
    ],
  ]),
  ...of('src/modules/evaluate.ts', MODULES, [
    ['lines of a module count from 0', 'entry.originalLine + 1', 'entry.originalLine'],
    ['a name that Nash has not is undefined', 'if (key in target ||', 'if (true ||'],
  ]),
  ...of('src/run/own-modules.ts', MODULES, [
    ['a copy is believed whatever it is', 'if (copy?.hash === hash) {', 'if (copy) {'],
    ['a worker takes any text', 'if (text.hash === hash) {', 'if (text) {'],
    ['a run whose source is gone cannot go on', '!existsHere(file)) {', 'false) {'],
  ]),
  ...of('src/models/own-networks.ts', MODULES, [
    ['networks may be others each time', 'if (planOf(again[net]) !== planOf(', 'if (false && planOf('],
    ['networks may be swapped', 'if (network.net !== net)', 'if (network.net === undefined)'],
    [
      'G may make items of any shape',
      'if (inWords(outputShape) === items) return undefined;',
      'return undefined;',
    ],
    [
      'D may judge by any number of outputs',
      'inWords(outputShape) === inWords([outputs])',
      'outputShape.length === 1',
    ],
    [
      'a network may be told labels or not, whatever the run',
      'if (areKnown && inWords(inputs.labels)',
      'if (!areKnown && inWords(inputs.labels)',
    ],
  ]),
  ...of('src/models/blocks.ts', MODULES, [
    ['two layers may have one name', 'if (twice !== undefined)', 'if (false)'],
    ['a layer may make what it does not say', "y.shape.join(', ') === said) return y;", 'true) return y;'],
  ]),
  ...of('src/models/layers.ts', MODULES, [
    ['pictures are whatever is convolved', 'if (input.length === 3) return;', 'return;'],
    ['any shape is one', 'shape.every((d) => Number.isInteger(d) && d > 0)) return;', 'true) return;'],
  ]),
  ...of('src/losses/own-loss.ts', MODULES, [
    ['a loss may be many numbers', 'Array.isArray(shape) && shape.length === 0', 'Array.isArray(shape)'],
  ]),
  ...of('src/config/decisive.ts', MODULES, [
    ['where a module lies decides bits', '{ ...value, module: undefined }', 'value'],
    ['where a penalty lies decides bits', 'value.map(withoutPaths)', 'value'],
    [
      'a module that moved has another path, among other changes',
      "keys.delete('module')",
      'keys.delete(path)',
    ],
  ]),
  ...of('src/config/load-config.ts', MODULES, [
    ['paths of a config count from here', 'dirname(file)', "'.'"],
    ['another module keeps the options of the one before', "'source', 'module']", "'source']"],
    ['a path that was set is remembered as it was typed', 'text: isMoved ?', 'text: false ?'],
  ]),
  ...of('src/compiler/compile.ts', MODULES, [
    ['host randomness is said of no line', '    traceOnce(step, inputs, 1, difference);\n', ''],
  ]),
  ...of('src/worker/trial.ts', MODULES, [
    ['a stack ends within tfjs', '  Error.stackTraceLimit = FRAMES;\n', '  Error.stackTraceLimit = 10;\n'],
    ['what is not finite is tried and liked', 'if (firstNotFinite(values) >= 0)', 'if (false)'],
  ]),
  ...of('src/steps/discriminator-step.ts', STEPS, [
    [
      'D is taught that real items are fake and fake ones real',
      '{ real: onReal.logit, fake: onFake.logit }',
      '{ real: onFake.logit, fake: onReal.logit }',
    ],
    [
      "D's slots are six times too large",
      'tf.mul(tf.add(first, second), 0.5)',
      'tf.mul(tf.add(first, second), 3)',
    ],
    ["D's slots are those of its pass over real items alone", 'tf.mul(tf.add(first, second), 0.5)', 'first'],
    ['a critic has an accuracy', 'STATISTICS[discriminatorGives],\n', 'STATISTICS.logit,\n'],
    [
      "a critic's difference is turned round",
      'tf.sub(tf.mean(real), tf.mean(fake))',
      'tf.sub(tf.mean(fake), tf.mean(real))',
    ],
    ["D's accuracy on real items is the share that it gets wrong", 'tf.greater(real, 0)', 'tf.less(real, 0)'],
    ["D's accuracy on fake items is the share that it gets wrong", 'tf.less(fake, 0)', 'tf.greater(fake, 0)'],
    ['V(D, G) has the wrong sign', 'valueFunction: tf.neg(', 'valueFunction: tf.mul(1, '],
    ['V(D, G) takes fake items for real', 'tf.softplus(tf.neg(real))', 'tf.softplus(real)'],
    [
      "in D's step G normalizes by running statistics",
      '{ ...g, isTraining: true, group, seeds }',
      '{ ...g, isTraining: false, group, seeds }',
    ],
  ]),
  ...of(
    'src/steps/discriminator-step.ts',
    ['tests/unit/steps/contract.test.ts', 'tests/unit/penalties/penalties.test.ts'],
    [
      [
        'slots that are summed over shards are not over passes',
        'return tf.add(first, second);',
        'return first;',
      ],
      ['slots of the first shard are those of the second pass', 'return first;', 'return second;'],
      [
        'a penalty is forgotten',
        "penaltiesOf('discriminator', context.penalties, isRegularized)",
        "penaltiesOf('discriminator', { discriminator: [], generator: [] }, isRegularized)",
      ],
    ],
  ),
  ...of('src/steps/generator-step.ts', STEPS, [
    [
      "G's loss is negated",
      'const adversarial = loss.generator(logitsOf(onFake.logit, judgeReal));',
      'const adversarial = (loss.generator(logitsOf(onFake.logit, judgeReal)) as any).neg();',
    ],
    [
      'G does not learn what an auxiliary classifier says of its class',
      '...classLosses(context, [onFake, fake]),',
      '',
    ],
    [
      "in G's step D does not drop out",
      '{ ...d, isTraining: true, group: shownGroup(context), seeds }',
      '{ ...d, isTraining: false, group: shownGroup(context), seeds }',
    ],
  ]),
  ...of(
    'src/steps/generator-step.ts',
    ['tests/unit/steps/contract.test.ts'],
    [
      [
        'every loss of G is given real items',
        "loss.generatorSees === 'both'",
        "loss.generatorSees !== ('' as string)",
      ],
      [
        'no loss of G is given real items',
        "loss.generatorSees === 'both'",
        "loss.generatorSees === ('' as string)",
      ],
    ],
  ),
  ...of('src/steps/latents.ts', STEPS, [
    [
      'uniform latents are on [0, 2 sqrt(3)]',
      'tf.mul(randomUniform(shape, seeds), 2 * bound), bound)',
      'tf.mul(randomUniform(shape, seeds), 2 * bound), 0)',
    ],
    ['uniform latents are on [-1, 1]', 'HALF_WIDTH = Math.sqrt(3)', 'HALF_WIDTH = 1'],
    ['latents are always normal', 'DISTRIBUTIONS[latentDistribution]', 'DISTRIBUTIONS.normal'],
    [
      'a category is never the last',
      'randomUniform([batch], seeds), values)',
      'randomUniform([batch], seeds), values - 1)',
    ],
    [
      'continuous codes are positive',
      'symmetric([batch, continuous], 1, seeds)',
      'randomUniform([batch, continuous], seeds)',
    ],
  ]),
  ...of('src/steps/sample-step.ts', STEPS, [
    [
      'samples are normalized by their own batch',
      'isTraining: false, seeds, truncation }).output',
      'isTraining: true, seeds, truncation }).output',
    ],
  ]),
  ...of('src/losses/cross-entropy.ts', STEPS, [
    [
      "minimax: G maximizes D's success",
      'tf.neg(mean(tf.softplus(fake))) as tf.Scalar',
      'mean(tf.softplus(fake))',
    ],
    [
      'non-saturating: G minimizes log D(G(z))',
      'generator: ({ fake }) => mean(negativeLogSigmoid(fake)),',
      'generator: ({ fake }) => tf.neg(mean(negativeLogSigmoid(fake))) as tf.Scalar,',
    ],
    [
      'cross entropy sums over the batch',
      'const mean = (x: tf.Tensor): tf.Scalar => tf.mean(x)',
      'const mean = (x: tf.Tensor): tf.Scalar => tf.sum(x)',
    ],
  ]),
  ...of('src/losses/wasserstein.ts', STEPS, [
    [
      'Wasserstein: the critic is turned round',
      'tf.sub(tf.mean(fake), tf.mean(real))',
      'tf.sub(tf.mean(real), tf.mean(fake))',
    ],
    ['Wasserstein: G pleases the wrong side', 'tf.neg(tf.mean(fake)) as tf.Scalar', 'tf.mean(fake)'],
  ]),
  ...of(
    'src/losses/wasserstein.ts',
    [...TRAINING, 'tests/unit/losses/losses.test.ts'],
    [
      ["a critic's weights are clipped at twice the bound", '{} : { weight }', '{} : { weight: 2 * weight }'],
      ['the clip is 0.1 where the paper has 0.01', 'PAPER_CLIP = 0.01', 'PAPER_CLIP = 0.1'],
    ],
  ),
  ...of('src/penalties/r1.ts', PENALTIES, [
    ['R1 is twice its formula', 'tf.mul(weight / 2,', 'tf.mul(weight,'],
    ['R1 is laid on generated items', "slope('real')", "slope('fake')"],
    ['R1 of a batch is its sum', 'tf.mean(squaredNorms(', 'tf.sum(squaredNorms('],
  ]),
  ...of('src/penalties/input-gradient.ts', PENALTIES, [
    ['R1 takes the norm, not its square', 'tf.square(x),', 'tf.abs(x),'],
    [
      'a gradient penalty takes the square of the norm',
      'tf.sqrt(tf.add(squaredNorms(x), EPSILON))',
      'squaredNorms(x)',
    ],
  ]),
  ...of('src/penalties/gradient-penalty.ts', PENALTIES, [
    ['one side of a gradient penalty is two', 'sides === 1 ?', 'sides === null ?'],
    [
      'a gradient penalty looks at generated items alone',
      'tf.mul(shares(real, seeds), tf.sub(real, fake))',
      'tf.mul(0, real)',
    ],
    ['one share serves all values of all items', 'items.shape[0]!, ...items', '1, ...items'],
    ['DRAGAN looks at real items themselves', 'PERTURBATION = 0.5', 'PERTURBATION = 0'],
  ]),
  ...of('src/penalties/lecam.ts', PENALTIES, [
    ["LeCam's anchors are exchanged", "distance(real, 'lecam/fake')", "distance(real, 'lecam/real')"],
    [
      'LeCam remembers the wrong mean',
      "writeSlot('lecam/fake', meanOf(fake))",
      "writeSlot('lecam/fake', meanOf(real))",
    ],
  ]),
  ...of('src/penalties/weight-decay.ts', PENALTIES, [
    ['weight decay is twice its formula', 'weight / 2,', 'weight,'],
    ['weights grow instead of decaying', 'weight / 2,', '-weight / 2,'],
  ]),
  ...of('src/penalties/penalties.ts', PENALTIES, [
    [
      "the loss bounds G's weights too",
      "...(net === 'discriminator' ? [lossBounds(loss, isSlopeBounded)] : [])",
      '...[lossBounds(loss, isSlopeBounded)]',
    ],
    ['of two bounds the greatest holds', 'Math.min(...bounds)', 'Math.max(...bounds)'],
    [
      'a lazy penalty is as strong as one of every step',
      'tf.mul(everySteps, term(context))',
      'term(context)',
    ],
    ['a lazy penalty is laid in every step', 'everySteps === 1 || isRegularized', 'true'],
    [
      'a Wasserstein critic is clipped under a gradient penalty',
      'some(({ entry }) => entry.boundsSlope)',
      'every(({ entry }) => !entry)',
    ],
    ['nothing is clipped', '[lossBounds(loss, isSlopeBounded)]', '[]'],
  ]),
  ...of('src/kernels/second-derivatives.ts', SECOND, [
    [
      'whatever is there may be differentiated twice',
      'isActive && !isOwnGradient && !TWICE',
      '!isActive && !TWICE',
    ],
    [
      'a gradient of its own is let through',
      "else if (!isOwnGradient) throw refused('tf.customGrad');",
      "else if (params === undefined) throw refused('nothing');",
    ],
    ["tfjs's tanh is let through, whose second derivative is wrong", "  'Tile',", "  'Tile',\n  'Tanh',"],
  ]),
  ...of('src/kernels/own-gradient.ts', GOLDEN_SECOND, [
    [
      "a linear operation's second gradient is itself",
      'linear(adjoint, forward)(dy)',
      'linear(forward, adjoint)(dy)',
    ],
    [
      'a slope is a constant for the next gradient',
      'tf.mul(dy, slope(x)))',
      'tf.mul(dy, detached(() => slope(x))))',
    ],
  ]),
  ...of('src/kernels/activations.ts', GOLDEN_SECOND, [
    [
      "tanh's slope is that of another function",
      'tf.sub(1, tf.square(smoothTanh(x)))',
      'tf.sub(1, smoothTanh(x))',
    ],
    ["sigmoid's slope is that of another function", 'tf.mul(y, tf.sub(1, y))', 'tf.mul(y, tf.sub(y, 1))'],
    ['selu has the constants of elu', 'alpha: 1.6732632423543772', 'alpha: 1'],
  ]),
  ...of('src/kernels/resample.ts', GOLDEN_SECOND, [
    [
      'max pooling forgets where the largest was',
      "callKernel('MaxPoolGradGrad', attributes(), [x!, y!, v])",
      'averagePool(v, factor)',
    ],
    ['upsampling dims', 'tf.mul(x, factor * factor)', 'tf.mul(x, factor)'],
    ["a filter's sum is not 1", '(a * b) / sum ** 2', '(a * b) / sum'],
  ]),
  ...of('src/kernels/normalization.ts', GOLDEN_SECOND, [
    ['layer norm leaves the last axis out', 'axesOf(x, 1, x.rank))', 'axesOf(x, 1, x.rank - 1))'],
    ['instance norm mixes channels', 'axesOf(x, 1, x.rank - 1))', 'axesOf(x, 1, x.rank))'],
    [
      'spectral norm is differentiated through its vectors',
      'const v = detached(() => unit(tf.matMul(matrix, column(u))));',
      'const v = unit(tf.matMul(matrix, column(u)));',
    ],
    ['the deviation is over the whole batch', 'const groups = x.shape[0]! / group;', 'const groups = 1;'],
  ]),
  ...of('src/kernels/modulation.ts', GOLDEN_SECOND, [
    ['nothing is demodulated', 'tf.rsqrt(tf.add(squares, EPSILON))', 'tf.add(tf.mul(0, squares), 1)'],
  ]),
  ...of('src/kernels/composed.ts', SECOND, [
    ['composed maxout looks at the first piece alone', 'i < pieces; i++', 'i < 1; i++'],
    [
      'composed batch norm does not subtract the mean',
      'const centred = tf.sub(x, mean);',
      'const centred = tf.sub(x, 0);',
    ],
  ]),
  ...of('src/kernels/activations.ts', STEPS, [
    [
      'a bias has half its gradient',
      "[dy, callKernel('BiasAddGrad', attributes, [dy])]",
      "[dy, tf.mul(callKernel('BiasAddGrad', attributes, [dy]), 0.5)]",
    ],
    ['maxout takes the smallest piece', 'return tf.max(', 'return tf.min('],
    [
      "maxout's pieces are a stride apart",
      '[batch, width / pieces, pieces]), 2)',
      '[batch, pieces, width / pieces]), 1)',
    ],
  ]),
  ...of('src/kernels/batch-norm.ts', STEPS, [
    ["batch norm's epsilon is 1e-3", 'BATCH_NORM_EPSILON = 1e-5', 'BATCH_NORM_EPSILON = 1e-3'],
    [
      'inference normalizes by the batch',
      '[...attributes(false), attribute',
      '[...attributes(true), attribute',
    ],
    [
      'scale and offset are exchanged at inference',
      '[x, scale, offset, mean, variance]',
      '[x, offset, scale, mean, variance]',
    ],
  ]),
  ...of('src/kernels/random.ts', STEPS, [
    ['every draw of a step is the same', 'this.drawCount += 1;', 'this.drawCount = 1;'],
    [
      'dropout keeps what it ought to drop',
      'tf.less(randomUniform(x.shape, seeds), keep)',
      'tf.greaterEqual(randomUniform(x.shape, seeds), keep)',
    ],
    ['dropout does not scale what it keeps', 'tf.mul(kept, 1 / keep)', 'tf.mul(kept, 1)'],
  ]),
  ...of('src/kernels/normalization.ts', STEPS, [
    [
      'the power iteration is differentiated',
      'const v = detached(() => unit(tf.matMul(matrix, column(u))));',
      'const v = unit(tf.matMul(matrix, column(u)));',
    ],
  ]),
  ...of('src/models/pictures.ts', STEPS, [
    [
      'attention is there from the beginning',
      "tf.mul(context.parameter('gamma'), apply(output!, seen))",
      'apply(output!, seen)',
    ],
  ]),
  ...of('src/models/stylegan2.ts', STEPS, [
    ['what is doubled is a quarter as bright', 'tf.mul(kernel, 4) as tf.Tensor4D', 'kernel as tf.Tensor4D'],
    ['mixing begins a layer late', 'tf.add(tf.range(0, layers), 1)', 'tf.range(0, layers)'],
  ]),
  ...of('src/models/r3gan.ts', STEPS, [
    [
      "D's last product is a mean",
      "tf.sum(tf.mul(x, parameter('basis')), [1, 2])",
      "tf.mean(tf.mul(x, parameter('basis')), [1, 2])",
    ],
  ]),
  ...of('src/models/maxout-conv.ts', STEPS, [
    ['pools see zeros beyond the edge', 'const NOTHING = -1e30;', 'const NOTHING = 0;'],
  ]),
  ...of('src/penalties/path-length.ts', STEPS, [
    ['a path through all layers is summed', 'codes.rank === 3 ? codes.shape[1]! : 1', '1'],
  ]),
  ...of('src/models/layers.ts', STEPS, [
    ["leaky ReLU's slope is 0.1", 'slope = 0.2) =>', 'slope = 0.1) =>'],
    ['a sigmoid output is a tanh', 'tanh(tf.mul(x, 0.5))', 'tanh(tf.mul(x, 1))'],
    [
      "batch norm's slots are exchanged",
      "'mean', meanOf(groups.map(({ mean }) => mean))",
      "'mean', meanOf(groups.map(({ variance }) => variance))",
    ],
    ['a dense layer loses its bias', 'bias ? addBias(x', 'bias && x.shape.length > 2 ? addBias(x'],
  ]),
  ...of(
    'src/models/layers.ts',
    ['tests/unit/models/groups.test.ts'],
    [
      [
        'batch norm couples the whole shard whatever the group',
        'batchOf(x) === group ? [x]',
        'group > 0 ? [x]',
      ],
      [
        'running statistics are summed over groups',
        'tf.mul(tf.addN(values), 1 / values.length)',
        'tf.addN(values)',
      ],
    ],
  ),
  ...of(
    'src/models/layers.ts',
    ['tests/unit/models/layers.test.ts'],
    [['dropout works at inference too', 'isTraining && keep < 1', 'keep < 1']],
  ),
  ...of('src/models/layers.ts', TRAINING, [
    ["batch norm's momentum is 0.1", 'RUNNING_MOMENTUM = 0.9', 'RUNNING_MOMENTUM = 0.1'],
    ['a running variance begins at 0', "slot('variance', 1)", "slot('variance', 0)"],
    [
      "batch norm's scale begins at 0.5",
      'batchNorm = (name: string, scale: Initializer = constant(1))',
      'batchNorm = (name: string, scale: Initializer = constant(0.5))',
    ],
    ['a bias begins at 0.1', 'biasValue = 0', 'biasValue = 0.1'],
  ]),
  ...of('src/models/dcgan.ts', STEPS, [
    ['D of a DCGAN normalizes its first layer too', 'i === 0 ? [] : [batchNorm', '[batchNorm'],
    ['G of a DCGAN puts its widest stage last', '.slice(0, -1)\n          .reverse()', '.slice(0, -1)'],
    ["a hidden layer of a DCGAN's D is cut as G's are", 'leakyRelu(`hiddenLeaky', 'relu(`hiddenLeaky'],
  ]),
  ...of('src/models/normalization.ts', STEPS, [
    [
      'layer norm stands where batch norm is asked for',
      'batch: (name) => [batchNorm(name)]',
      'batch: (name) => [layerNorm(name)]',
    ],
    ['a layer before batch norm keeps its bias', "kind !== 'batch'", "kind !== ('' as string)"],
  ]),
  ...of(
    'src/config/renamed.ts',
    ['tests/unit/checkpoints/checkpoint-store.test.ts'],
    [['the batch norm of an old run is forgotten', "old ? 'batch' : 'none'", "old ? 'none' : 'batch'"]],
  ),
  ...of('src/models/weights.ts', STEPS, [
    ['nothing is divided by its spectral norm', 'tf.div(kernel, norm)', 'kernel'],
    [
      'the power iteration begins anew each time',
      'written.set(vectorOf(name), u)',
      'written.set(vectorOf(name), slots.get(vectorOf(name))!)',
    ],
    [
      'a transposed convolution is a matrix of its inputs',
      'tf.transpose(kernel, [...axes, outputAxis])',
      'kernel',
    ],
  ]),
  ...of('src/models/biggan.ts', STEPS, [
    ["BigGAN's scales are around 0", "tf.add(made('scale'), 1)", "made('scale')"],
    ['all blocks of BigGAN see the same latents', 'chunk = chunks[i]!', 'chunk = chunks[0]!'],
  ]),
  ...of(
    'src/models/resnet.ts',
    ['tests/unit/models/published.test.ts'],
    [["BigGAN's D is as narrow inside as what comes in", 'parts.isWideInside ? units : fanIn', 'fanIn']],
  ),
  ...of(
    'src/parameters/initial.ts',
    ['tests/unit/models/architecture.test.ts'],
    [
      [
        'orthogonal weights are normal ones of length 1',
        'vector[i]! -= along * before[i]!',
        'vector[i]! -= 0 * along',
      ],
    ],
  ),
  ...of(
    'src/protocol/schedule.ts',
    ['tests/unit/protocol/schedule.test.ts', ...TRAINING],
    [["a pipelined G reads the D of its round's beginning", 'pipelined: before', 'pipelined: begins']],
  ),
  ...of(
    'src/protocol/rounds.ts',
    ['tests/unit/protocol/coordinator.test.ts'],
    [
      ['a net passes the boundary on which all rests', 'Math.min(end, this.nextRest())', 'end'],
      [
        'a stop ends with a round that one net has begun alone',
        'while (!NETS.every(isWithin))',
        'while (false)',
      ],
    ],
  ),
  ...of(
    'src/server/training/parameter-store.ts',
    ['tests/unit/server/training/parameter-store.test.ts'],
    [["a pipelined run's checkpoint lacks the D of before", 'if (!behind) return newest;', 'return newest;']],
  ),
  ...of(
    'src/optimizers/extragradient.ts',
    ['tests/unit/server/training/parameter-store.test.ts', ...TRAINING],
    [['the second of two updates looks ahead', 'update % 2 === 1', 'update % 2 === 0']],
  ),
  ...of(
    'src/server/training/version-maker.ts',
    ['tests/unit/server/training/parameter-store.test.ts', ...TRAINING],
    [
      [
        'an update begins from where it looked ahead',
        'old.base && !isAhead ? of(old.base) : before',
        'before',
      ],
      ['the average follows what is ahead', 'isAhead ? { keep: 1, take: 0 } : averagingAt', 'averagingAt'],
    ],
  ),
  ...of('src/steps/labels.ts', STEPS, [
    ['what D tells of codes is held against noise', 'before = width - codeCount(codes)', 'before = 0'],
    ['a continuous code counts as nothing', 'if (continuous > 0) {', 'if (continuous > 1e9) {'],
  ]),
  ...of('src/models/geometry.ts', STEPS, [
    ['a DCGAN begins at sides of 14', 'BASE_SIDE_MAX = 7', 'BASE_SIDE_MAX = 14'],
  ]),
  ...of('src/models/dcgan.ts', TRAINING, [
    [
      "a DCGAN's weights begin with deviation 0.2",
      "WEIGHTS: Initializer = { kind: 'normal', deviation: 0.02 }",
      "WEIGHTS: Initializer = { kind: 'normal', deviation: 0.2 }",
    ],
    ["a DCGAN's scales begin around 0", "kind: 'normal', mean: 1,", "kind: 'normal', mean: 0,"],
  ]),
  ...of('src/models/mlp.ts', TRAINING, [
    ['an mlp begins with variance 1 / fan-in', 'Math.sqrt(2 / fanIn)', 'Math.sqrt(1 / fanIn)'],
  ]),
  ...of(
    'src/models/maxout.ts',
    [...STEPS, ...TRAINING],
    [
      ['items beside a sigmoid reach D on [-1, 1]', 'tf.mul(tf.add(x, 1), 0.5)', 'x'],
      ["the hidden layers' keep is the input's", 'd.keepHidden)', 'd.keepInput)'],
      ["G's range is D's", 'initializer: uniform(range),', 'initializer: uniform(Math.min(range, d.range)),'],
    ],
  ),
  ...of(
    'src/models/network.ts',
    [...STEPS, ...TRAINING],
    [
      [
        "slots are cut from the beginning of a net's vector",
        'cut(manifest.slots, manifest.size)',
        'cut(manifest.slots, 0)',
      ],
    ],
  ),
  ...of('src/parameters/initial.ts', TRAINING, [
    ['uniform weights are all positive', '(2 * random.uniform() - 1)', '(2 * random.uniform())'],
    ['two parameters of one net begin alike', "'initial', net, entry.name)", "'initial', net)"],
    [
      'both nets begin alike',
      "seedOf(seed, 'initial', net, entry.name)",
      "seedOf(seed, 'initial', 'net', entry.name)",
    ],
    [
      'a normal forgets its mean',
      'values[i] = mean + deviation * random.normal()',
      'values[i] = deviation * random.normal()',
    ],
  ]),
  ...of(
    'src/steps/steps.ts',
    [...TRAINING, 'tests/unit/steps/shard-seed.test.ts'],
    [
      [
        'all steps have the same noise',
        "branch, 'shard', net, step, shard)",
        "branch, 'shard', net, 0, shard)",
      ],
      [
        'all shards have the same noise',
        "branch, 'shard', net, step, shard)",
        "branch, 'shard', net, step, 0)",
      ],
      [
        "both nets' steps have the same noise",
        "branch, 'shard', net, step, shard)",
        "branch, 'shard', step, shard)",
      ],
      ['a rollback repeats the same noise', "seedOf(seed, branch, 'shard'", "seedOf(seed, 0, 'shard'"],
      ['all seeds have the same noise', "seedOf(seed, branch, 'shard'", "seedOf(1, branch, 'shard'"],
    ],
  ),
  ...of('src/steps/steps.ts', TRAINING, [
    [
      "a step's batch is the whole minibatch's",
      'batch: config.minibatch.size / config.minibatch.shards,',
      'batch: config.minibatch.size,',
    ],
  ]),
  ...of('src/worker/shard-gradient.ts', TRAINING, [
    ["a node's sum is its last leaf", 'addInto(into, from);\n        return into;', 'return from;'],
    ["every leaf of a node gets the first leaf's items", 'take(place)', 'take({ ...place, shard: 0 })'],
    [
      "every leaf of a node gets the first leaf's labels",
      'takeLabels(place)',
      'takeLabels({ ...place, shard: 0 })',
    ],
  ]),
  ...of(
    'src/data/sampler.ts',
    [...TRAINING, 'tests/unit/data/sampler.test.ts'],
    [
      ['every epoch has the same order', "seedOf(seed, 'epoch', epoch)", "seedOf(seed, 'epoch')"],
      [
        'every seed has the same order',
        "permutation(source.count, seedOf(seed, 'epoch', epoch))",
        "permutation(source.count, seedOf(1, 'epoch', epoch))",
      ],
      [
        'shards of a step see the same items',
        'step * minibatchSize + shard * shardSize',
        'step * minibatchSize',
      ],
      [
        'minibatches overlap by all but one item',
        'step * minibatchSize + shard * shardSize',
        'step + shard * shardSize',
      ],
      [
        'a distribution is the same in every step',
        "seedOf(seed, branch, 'data', step, shard)",
        "seedOf(seed, branch, 'data', shard)",
      ],
      [
        'a distribution is the same in every branch',
        "seedOf(seed, branch, 'data', step, shard)",
        "seedOf(seed, 0, 'data', step, shard)",
      ],
    ],
  ),
  ...of(
    'src/data/mixture.ts',
    ['tests/unit/data/sampler.test.ts'],
    [
      [
        'a mixture has half its deviation',
        'deviation * random.normal()',
        '(deviation / 2) * random.normal()',
      ],
      [
        'one mode of a mixture is never drawn',
        'random.below(modes.length)',
        'random.below(modes.length - 1 || 1)',
      ],
      ['the grid is not centred', '(options.side - 1) / 2', 'options.side / 2'],
    ],
  ),
  ...of('src/numerics/random.ts', TRAINING, [
    ['a permutation never leaves an item in its place', 'random.below(i + 1)', 'random.below(i)'],
    ['labels beyond 32 bits are cut off', 'feed(Math.floor(label / 2 ** 32) | 0);', ''],
  ]),
  ...of(
    'src/numerics/random.ts',
    ['tests/unit/numerics/random.test.ts'],
    [
      ["'a', 'b' is the same seed as 'ab'", 'feed(2 + label.length);', ''],
      ['small bounds are biased', 'while (word >= limit) word = this.word();', ''],
      [
        'normals have the wrong variance',
        'Math.sqrt(-2 * Math.log(1 - this.uniform()))',
        'Math.sqrt(-Math.log(1 - this.uniform()))',
      ],
    ],
  ),
  ...of(
    'src/optimizers/rate-schedule.ts',
    ['tests/unit/optimizers/optimizer.test.ts', ...TRAINING],
    [
      [
        'the linear rate falls one update early',
        'Math.max(0, step - 1 - schedule.after)',
        'Math.max(0, step - schedule.after)',
      ],
      [
        'the linear rate turns negative',
        'Math.max(0, 1 - done / schedule.steps)',
        '(1 - done / schedule.steps)',
      ],
      ['the linear rate falls at once', 'step - 1 - schedule.after', 'step - 1'],
      [
        'the cosine rate rises again',
        'Math.min(1, (step - 1) / schedule.steps)',
        '(step - 1) / schedule.steps',
      ],
      [
        'the minimum is added to the rate',
        'minimum + (initial - minimum) * share',
        'minimum + initial * share',
      ],
      ['the cosine has no second half', 'if (x > 0.5) return -cosineOfHalfTurn(1 - x);', ''],
      ['the series is too short', 'const WAVE_TERMS = 10;', 'const WAVE_TERMS = 6;'],
      ['the schedule runs on while the rate warms up', 'step - Math.max(0, warmup - 1)', 'step'],
      ['the warm-up begins with the whole rate', 'learningRate * (step / warmup)', 'learningRate'],
      [
        'a half to the power of a fraction is one',
        'return sum * power(0.5, whole);',
        'return power(0.5, whole);',
      ],
      [
        'the exponential rate has no minimum',
        'Math.max(schedule.minimum, initial / power',
        'Math.max(0, initial / power',
      ],
      ['momentum goes on rising', 'Math.min(1, (step - 1) / momentum.steps)', '(step - 1) / momentum.steps'],
      [
        'momentum runs backwards',
        'momentum.from * (1 - share) + momentum.to * share',
        'momentum.to * (1 - share) + momentum.from * share',
      ],
    ],
  ),
  ...of(
    'src/optimizers/adam.ts',
    ['tests/unit/optimizers/optimizer.test.ts'],
    [
      ["Adam does not correct its first moment's bias", '/ (1 - power(beta1, step))', ''],
      ["Adam does not correct its second moment's bias", '1 / Math.sqrt(1 - power(beta2, step))', '1'],
      ["AdamW's decay knows no rate", '1 - rate * options.weightDecay', '1 - options.weightDecay'],
      ['Adam decays weights as AdamW does', ': 1;\n', ': 0.9999;\n'],
    ],
  ),
  ...of(
    'src/optimizers/optimistic-adam.ts',
    ['tests/unit/optimizers/optimizer.test.ts'],
    [["optimistic Adam does not correct its first moment's bias", '1 / (1 - power(beta1, step))', '1']],
  ),
  ...of(
    'src/optimizers/lookahead.ts',
    ['tests/unit/optimizers/optimizer.test.ts'],
    [
      ['the slow weights move one update early', 'step % steps === 0', 'step % steps === steps - 1'],
      ['the fast weights do not go back', 'copying(fast, slowInto),', ''],
      ['the slow weights go the other part of the way', 'keep, take: 1 - keep', 'keep: 1 - keep, take: keep'],
    ],
  ),
  ...of(
    'src/optimizers/rmsprop.ts',
    ['tests/unit/optimizers/optimizer.test.ts'],
    [["RMSProp's decay is turned round", 'decay, 1 - decay, epsilon', '1 - decay, decay, epsilon']],
  ),
  ...of(
    'src/optimizers/clipping.ts',
    ['tests/unit/optimizers/optimizer.test.ts', ...TRAINING],
    [
      [
        'a short gradient is made longer',
        'Math.min(1, clipNorm / (norm + EPSILON))',
        'clipNorm / (norm + EPSILON)',
      ],
      ['nothing is added to the norm', 'norm + EPSILON', 'norm'],
    ],
  ),
  ...of(
    'src/optimizers/averaging.ts',
    ['tests/unit/optimizers/optimizer.test.ts', ...TRAINING],
    [
      ['the half-life has no ramp', 'ramp * (step - 1) * batch', 'Infinity'],
      ['the ramp is one update ahead', 'ramp * (step - 1) * batch', 'ramp * step * batch'],
      ['the half-life is ramped for ever', 'Math.min(halfLifeImages, most)', 'most'],
      ['the average begins one update early', 'step <= options.start', 'step < options.start'],
      ['the average does not warm up', 'Math.min(decay, (1 + step) / (10 + step))', 'decay'],
      ['the average warms up ten times too fast', '(1 + step) / (10 + step)', '(1 + step) / (1 + step)'],
      ['keep and take do not sum to 1', 'take: 1 - keep', 'take: 1 - options.decay'],
    ],
  ),
  ...of(
    'src/optimizers/options.ts',
    ['tests/unit/optimizers/optimizer.test.ts'],
    [["Adam's beta1 is 0.9 by default", 'beta1: share.default(0.5)', 'beta1: share.default(0.9)']],
  ),
  ...of(
    'src/server/training/version-maker.ts',
    [...TRAINING, 'tests/unit/server/training/parameter-store.test.ts'],
    [
      [
        'the sum of the shards is applied, not their mean',
        'scale: share / minibatch.shards,',
        'scale: share,',
      ],
      [
        'slow weights of what stays are lost',
        '...(old.slow ? [copying(of(next.slow!), of(old.slow))] : []),',
        '',
      ],
      ['no gradient is clipped', 'scale: share / minibatch.shards,', 'scale: 1 / minibatch.shards,'],
      [
        'a shard is clipped, not the mean of all',
        'square, 0)) / this.config.minibatch.shards',
        'square, 0))',
      ],
      [
        'the norm that is told is that of what was left',
        'if (norm !== undefined) return',
        'if (false) return',
      ],
      ['slots are summed over the shards', "merge === 'mean' ? 1 / shards : 1", '1'],
      ['slots keep what they ought to take', 'keep: momentum,', 'keep: 1 - momentum,'],
      [
        "D's bound is G's too",
        '{ weight: bound } = boundsOf(net,',
        "{ weight: bound } = boundsOf('discriminator',",
      ],
      [
        "D's max-norm is G's",
        '{ unit: bound } = boundsOf(net,',
        "{ unit: bound } = boundsOf('discriminator',",
      ],
      [
        'units are shortened after the average has followed',
        '    if (shortenings.length === 0)\n',
        '    if (true)\n',
      ],
      ['biases are shortened', 'shape.length > 1 &&', ''],
      ['what is frozen is shortened', '!beginsWithAny(fullName(net, name), freeze)', 'true'],
      [
        "a transposed convolution's units are its inputs",
        'outputAxis: axis = shape.length - 1',
        'outputAxis: _, axis = shape.length - 1',
      ],
      ['nothing is clamped', '...(bound === undefined ? {} : { bound }),', ''],
      [
        'the optimizer counts its updates from 0',
        'optimizer.scalars(step + 1)',
        'optimizer.scalars(step + 2)',
      ],
      [
        'the average is a step behind in its warming up',
        'averagingAt(averaging, step + 1,',
        'averagingAt(averaging, step + 2,',
      ],
      ["the gradient's norm is its square", 'Math.sqrt(squaredNorm) / (other', 'squaredNorm / (other'],
    ],
  ),
  ...of(
    'src/server/training/parameter-store.ts',
    [...TRAINING, 'tests/unit/server/training/parameter-store.test.ts'],
    [
      [
        'the slow weights begin at zero',
        'if (slow) this.engine.write(slow, 0, values.subarray(0, manifest.size));',
        '',
      ],
      [
        'what is saved amid a round is what stands now',
        'const newest = this.copy(nets, versions);',
        'const newest = this.copy(this.nets, versions);',
      ],
      [
        'the weights of a whole round are written again while they may be saved',
        "this.versions.pin(net, net === 'discriminator' ? older : undefined);",
        '',
      ],
      [
        "the optimizer's vectors of a whole round are written again while they may be saved",
        'if (!kept.includes(vector)) this.engine.release(vector);',
        'this.engine.release(vector);',
      ],
      [
        'vectors of a round that is over are kept for ever',
        'if (before && before.nets[net] !== this.nets[net]) this.retire(net, before.nets[net]);',
        '',
      ],
    ],
  ),
  ...of(
    'src/numerics/kernels.as.ts',
    ['tests/unit/numerics/vector-engine.test.ts', 'tests/unit/optimizers/optimizer.test.ts'],
    [
      [
        "Adam's second moment takes g, not g squared",
        'f32x4.mul(f32x4.mul(take2, g), g)',
        'f32x4.mul(take2, g)',
      ],
      [
        'SGD moves against its velocity',
        'f32x4.sub(f32x4.mul(momentum, load(velocity, lanes)), f32x4.mul(rate, g))',
        'f32x4.add(f32x4.mul(momentum, load(velocity, lanes)), f32x4.mul(rate, g))',
      ],
      ['optimistic Adam steps once', 'f32x4.splat(2 * rate)', 'f32x4.splat(rate)'],
      [
        'optimistic Adam takes its last step again',
        'f32x4.sub(f32x4.mul(rate, before),',
        'f32x4.sub(f32x4.neg(f32x4.mul(rate, before)),',
      ],
      ['a weight far below zero is within its limit', 'f32x4.le(f32x4.abs(x), limit)', 'f32x4.le(x, limit)'],
      [
        'the last weights of an odd count may be of any size',
        'return v128.or(x, v128.ge',
        'return v128.or(ONES, v128.ge',
      ],
      [
        'units are shortened where they are not too long',
        'return length > bound ? bound / length : 1;',
        'return bound / length;',
      ],
      ['units are as long as their squares', 'const length = Math.sqrt(squares);', 'const length = squares;'],
      [
        'two columns of four are as long as the other two',
        'scaled(v128.shuffle<u64>(x, x, 1, 0), shares23)',
        'scaled(v128.shuffle<u64>(x, x, 1, 0), shares01)',
      ],
      [
        'a bound clamps from above alone',
        'f32x4.min(f32x4.max(x, f32x4.neg(bound)), bound)',
        'f32x4.min(x, bound)',
      ],
    ],
  ),
  ...of(
    'src/protocol/schedule.ts',
    ['tests/unit/protocol/schedule.test.ts', ...TRAINING],
    [
      ['alternating: G reads the D of before its round', 'alternating: ends', 'alternating: begins'],
      ['simultaneous: G reads the newest D', 'simultaneous: opens,', 'simultaneous: ends,'],
      ["D's steps read the newest G of all", 'generator: begins.generator } }', 'generator: step } }'],
      [
        "a round's second G step reads the first D of the next",
        'ends: boundary(schedule, count + 1)',
        'ends: boundary(schedule, count + 2)',
      ],
      ['all G steps of a round see the items of its first D step', '((step - begins.generator) % k)', '0'],
      [
        'what is due waits for a boundary at a multiple',
        'round % every < generatorSteps',
        'round % every === 0',
      ],
      ["the critic's long rounds come twice where the first ones end", '- Math.ceil(first / every)', ''],
      ['an amended warm-up begins once more', '- longBefore(criticWarmup, since.generator)', ''],
      ['a boundary lies within a round of several G steps', '&& generator === versions.generator', ''],
      ['a step may begin before its G is there', '&& phase.reads.generator <= versions.generator', ''],
    ],
  ),
  ...of(
    'src/protocol/shard-tree.ts',
    ['tests/unit/protocol/shard-tree.test.ts'],
    [
      [
        'the tree leans to the other side',
        'add(sum, sumAlongTree(right, shards, { leaf, add }))',
        'add(sumAlongTree(right, shards, { leaf, add }), sum)',
      ],
      [
        'workers get coarser nodes than they need',
        'nodeCount(shards, level) >= workers',
        'nodeCount(shards, level) >= workers / 2',
      ],
      [
        'the last leaf is forgotten',
        'Math.min(shards, (index + 1) * 2 ** level)',
        'Math.min(shards - 1, (index + 1) * 2 ** level)',
      ],
    ],
  ),
  ...of(
    'src/protocol/open-step.ts',
    ['tests/unit/protocol/votes.test.ts', 'tests/unit/protocol/coordinator.test.ts'],
    [
      ['a verified node is settled by one answer', 'const AGREEING = 2;', 'const AGREEING = 1;'],
      [
        'one worker may agree with itself while there are others',
        'isAlone ? agreed.length : workersOf(agreed).size',
        'agreed.length',
      ],
      [
        'sessions of one identity settle a node that another differs on',
        '(isShared ? identitiesOf(agreed).size : amongItself)',
        'amongItself',
      ],
      [
        'an identity is forgotten as soon as its workers have left',
        'state.isShared || identitiesOf([...votes, ...unsound]).size > 1',
        'state.isShared',
      ],
      [
        'one identity says for all that a step has diverged',
        '(isShared ? identitiesOf(unsound).size : ofWorkers)',
        'ofWorkers',
      ],
      [
        'one worker says for all that a step has diverged, against a number',
        'votes.length > 0 ? workersOf(unsound).size : unsound.length',
        'unsound.length',
      ],
      ['a worker is refuted by its own number', 'vote.worker !== worker', 'true'],
      [
        'five sessions of one identity end a run',
        'isShared ? identitiesOf(votes).size : votes.length',
        'votes.length',
      ],
      [
        'two sessions prove a worker of another identity wrong',
        'agreed.filter((voter) => voter.identity === identity)',
        'agreed',
      ],
      [
        'sessions of an identity that was heard are asked on and on',
        'votes.length >= VOTES_MAX || (isShared && !isDisputed(state))',
        'false',
      ],
      [
        'an answer that is not finite settles a node',
        'if (!isSound) {',
        'if (!isSound && state.votes.length > 9) {',
      ],
      ['nobody is sent away for a wrong answer', 'filter((id) => !right.has(id))', 'filter(() => false)'],
    ],
  ),
  ...of(
    'src/protocol/coordinator.ts',
    [
      'tests/unit/protocol/coordinator.test.ts',
      'tests/scenarios/scenarios.test.ts',
      'tests/simulation/simulation.test.ts',
    ],
    [
      [
        "a lost worker's task is not given to another",
        'state.holders = state.holders.filter((holder) => holder.worker !== worker);\n    state.spare',
        'state.spare',
      ],
      ['a late task is left to its worker', 'state.spare += 1;\n        state.reissue', 'state.reissue'],
      [
        'a second answer to a settled node is taken',
        'if (superseded || state?.settledBy !== undefined)',
        'if (superseded)',
      ],
      [
        'two that differ wait for a third for ever',
        'this.nowMs - state.stuckMs >= THIRD_MS',
        'this.nowMs - state.stuckMs >= 1000 * THIRD_MS',
      ],
      [
        'a step that was mistrusted is believed again',
        'disputed !== undefined || isVerified(net, phase.step, node)',
        'isVerified(net, phase.step, node)',
      ],
      ['a disputed step is cut otherwise when it is done again', 'disputed ?? levelFor', 'levelFor'],
      [
        'a worker is taken for absent while it is in time with another task',
        'task && !this.isLate(givenMs, task)',
        'false',
      ],
      [
        'a worker that never gives anything sound is asked on and on',
        "outcome.kind === 'held' || outcome.kind === 'not-finite'",
        'false',
      ],
      ['what a silent worker said is forgotten', 'state.votes.filter(isHere)', '[]'],
      [
        'two that agreed are doubted for a late third',
        'if (proves(agreed, late))',
        'if (agreed.length > 99)',
      ],
      ['what a redone step shows is not looked at', 'this.disputes.settled(task, agreed)', '[] as string[]'],
      [
        'an update that is not finite is a divergence at once',
        'if (!step.isCareful) {\n      step.reopen',
        "if (!step.isCareful && cause !== 'update') {\n      step.reopen",
      ],
      [
        'workers that are set aside have a share of the work',
        'this.roster.countFor(net, this.nowMs)',
        'this.roster.serving(net).length',
      ],
      ['a collapse goes back to the round that collapsed', 'round: since - 1, cause:', 'round, cause:'],
    ],
  ),
  ...of(
    'src/server/peers/reception.ts',
    ['tests/fuzz/liars.test.ts'],
    [
      [
        "a refusal quotes a peer's text in full",
        'const message = clipped(quoting);',
        'const message = quoting;',
      ],
    ],
  ),
  ...of(
    'src/protocol/messages.ts',
    ['tests/fuzz/liars.test.ts'],
    [['seconds have no bound', 'nonnegative().max(1e6)', 'nonnegative()']],
  ),
  ...of(
    'src/run-folder/process-token.ts',
    ['tests/unit/run-folder/process-token.test.ts'],
    [['whatever process a peer names is ended', "'utf8').split", "'utf8').length > 0 || ''.split"]],
  ),
  ...of(
    'src/server/training/parameter-store.ts',
    ['tests/unit/server/training/parameter-store.test.ts'],
    [
      ['an answer of any size is sound', 'finite && squaredNorm <= NORM_MAX ** 2', 'finite'],
      ['a gradient of any size is applied', 'made.finite && this.isBounded(gradientNorm)', 'made.finite'],
      ['what was refused is added to what comes', 'this.sums[net].clear();\n    return', 'return'],
    ],
  ),
  ...of(
    'src/server/training/version-maker.ts',
    ['tests/unit/server/training/parameter-store.test.ts'],
    [
      ["a gradient's bound is that of a shard", '/ (other ? this.config.minibatch.shards : 1)', ''],
      ['a weight may be of any size', 'limit: divergence.weight,', ''],
    ],
  ),
  ...of(
    'src/numerics/vector-engine.ts',
    ['tests/unit/numerics/vector-engine.test.ts'],
    [
      [
        'what follows a part that is not finite is done all the same',
        'if (!Number.isFinite(result)) return Number.NaN;',
        '',
      ],
    ],
  ),
  ...of(
    'src/protocol/rounds.ts',
    ['tests/unit/protocol/coordinator.test.ts'],
    [
      [
        'a run has one round too many',
        'round >= this.options.generatorSteps && !this.isHeld',
        'round > this.options.generatorSteps && !this.isHeld',
      ],
      ['a stop leaves its round unfinished', 'return whole.generator;', 'return this.boundaryRound;'],
    ],
  ),
  ...of(
    'src/protocol/deadlines.ts',
    ['tests/unit/protocol/deadlines.test.ts'],
    [
      ['a task is late twice as late', 'factor * ms * shards', '2 * factor * ms * shards'],
      [
        'deadlines follow the middle of the workers',
        'medians[(medians.length - 1) >> 2]',
        'medians[(medians.length - 1) >> 1]',
      ],
      ['deadlines follow the fastest of any number', 'medians[(medians.length - 1) >> 2]', 'medians[0]'],
      ['times of workers that left are kept', 'ofKind.delete(worker) && ofKind.size > 0', 'false'],
    ],
  ),
  ...of(
    'src/protocol/roster.ts',
    ['tests/unit/protocol/coordinator.test.ts'],
    [
      ['a straggler is set aside at once', 'const LATE_MAX = 3;', 'const LATE_MAX = 1;'],
      ['a straggler is never set aside', 'const LATE_MAX = 3;', 'const LATE_MAX = 300;'],
      ['a straggler is set aside for ever longer', 'Math.min(ASIDE_MAX_MS, ASIDE_MS * 2', '(ASIDE_MS * 2'],
      ['a straggler is not forgiven', 'Object.assign(member, { lateInRow: 0,', 'Object.assign(member, {'],
      ['a straggler is asked as others are', 'const RANK_ASIDE = 0.5;', 'const RANK_ASIDE = 0;'],
    ],
  ),
  ...of(
    'src/protocol/disputes.ts',
    ['tests/unit/protocol/disputes.test.ts'],
    [
      ['the one that told the truth is sent away', 'confirmed === taken ? late : taken', 'confirmed'],
      [
        'a worker that agrees with itself proves others wrong',
        'if (proves(agreed, dispute.contradicted))',
        'if (true)',
      ],
      [
        'two sessions of one identity blame a third party',
        'rest.length > 0) return [];',
        'rest.length > 9) return [];',
      ],
      ['a minority blames', '2 * others > new Set', '9 * others > new Set'],
      ['returns have no end', 'this.open.length <= RETURNS_MAX', 'this.open.length <= 99 * RETURNS_MAX'],
      ['disputes are never forgotten', 'nowMs - atMs < OPEN_MS', 'true'],
      [
        'the wrong node is compared',
        'if (!confirmed || !isSameTask(dispute.task, task)) continue;',
        'if (!confirmed) continue;',
      ],
    ],
  ),
  ...of(
    'src/evaluation/measures/collapse-score.ts',
    ['tests/unit/evaluation/collapse.test.ts'],
    [
      ['the score forgets the distances', '1 - Math.min(1, diversity),', '0,'],
      ['samples far from every mode are various', '1 - Math.min(1, highQuality / HIGH_QUALITY_LEAST)', '0'],
    ],
  ),
  ...of(
    'src/evaluation/measures/collapse-rule.ts',
    [
      'tests/unit/evaluation/measures/collapse-rule.test.ts',
      'tests/unit/server/training/evaluations.test.ts',
    ],
    [
      ['a score at the threshold is bad', 'score > threshold', 'score >= threshold'],
      ['a healthy run collapses while it is untrained', 'lastWell >= 0 || step > grace', 'true'],
      ['a run that was well has its grace all the same', 'lastWell >= 0 || step > grace', 'step > grace'],
      ['one bad evaluation is a collapse', 'bad.length >= patience', 'bad.length >= 1'],
      ['steps of a grace are shares', 'after < 1 ? after * goal : after', 'after * goal'],
      ['a collapse began with its last evaluation', 'bad[0]!.step', 'bad.at(-1)!.step'],
    ],
  ),
  ...of(
    'src/server/training/collapse-judge.ts',
    ['tests/unit/server/training/evaluations.test.ts'],
    [
      [
        'the verdict rests on when evaluators come',
        'score !== undefined && this.counts(round)',
        'score !== undefined',
      ],
      ['scores of a life that is gone count', 'until(earlier, round + 1)', 'earlier'],
      ['a run that is only watched has no verdict', 'since === undefined ? 0 : 1', '0'],
    ],
  ),
  ...of(
    'src/evaluation/measures/collapse-score.ts',
    ['tests/unit/evaluation/examiner.test.ts'],
    [['the score is not told the diversity', 'diversity, highQuality })', 'highQuality })']],
  ),
  ...of(
    'src/server/training/evaluations.ts',
    ['tests/unit/server/training/evaluations.test.ts'],
    [
      ['every evaluation is a verdict to stop', 'since === undefined) {', 'false) {'],
      ['an evaluator that always dies is waited for', 'this.deaths !== DEATHS_MAX', 'true'],
      ['the end waits for one that left long ago', 'this.seenMs + LAST_MS', 'this.parts.now() + LAST_MS'],
      [
        'deaths count though evaluations lie between',
        '    this.deaths = 0;\n    this.asked',
        '    this.asked',
      ],
      ['an evaluator may set any gauge', '!isMeasure(name)', "name === 'nonsense'"],
    ],
  ),
  ...of(
    'cluster/observability/rules/alerts.yml',
    ['tests/unit/observability/dashboard.test.ts'],
    [
      [
        'the alert has a threshold of its own',
        'gan_mode_collapse_verdict == 1',
        'gan_mode_collapse_score_ratio > 0.5',
      ],
    ],
  ),
  ...of(
    'src/evaluation/measures/reverse-kl.ts',
    ['tests/unit/evaluation/collapse.test.ts'],
    [
      [
        'KL runs the other way',
        'p > 0 ? p * Math.log((p * realTotal) / q[i]!) : 0',
        'p > 0 ? p * Math.log(q[i]! / (p * realTotal)) : 0',
      ],
      ['an empty bin of the data makes KL infinite', 'count > 0 ? count : 0.5', 'count'],
    ],
  ),
  ...of(
    'src/evaluation/measures/nearest-modes.ts',
    ['tests/unit/evaluation/measures/nearest-modes.test.ts'],
    [
      ['high quality ends at two deviations', 'HIGH_QUALITY_DEVIATIONS = 3', 'HIGH_QUALITY_DEVIATIONS = 2'],
      [
        'high quality includes its edge',
        'Math.sqrt(squaredDistance) >= HIGH',
        'Math.sqrt(squaredDistance) > HIGH',
      ],
      [
        'poor samples capture modes',
        '* deviation) continue;\n    highQuality++;',
        '* deviation) isCaptured[mode] = true;\n    else highQuality++;',
      ],
      ['the modes are told to be unequal', 'modes.map(() => 1),', 'modes.map((_, i) => i + 1),'],
      [
        'samples that are not finite count as of high quality',
        'if (mode < 0) continue;',
        'if (mode < 0) highQuality++;\n    if (mode < 0) continue;',
      ],
    ],
  ),
  ...of(
    'src/evaluation/measures/sample-diversity.ts',
    ['tests/unit/evaluation/collapse.test.ts', 'tests/unit/evaluation/examiner.test.ts'],
    [
      ['distances are squared', 'return Math.sqrt(squared);', 'return squared;'],
      ['pairs are counted twice', '((count * (count - 1)) / 2)', '(count * (count - 1))'],
      [
        'diversity is turned round',
        'distanceOf(samples) / realDistance',
        'realDistance / distanceOf(samples)',
      ],
    ],
  ),
  ...of(
    'src/evaluation/measures/different-bins.ts',
    ['tests/unit/evaluation/collapse.test.ts', 'tests/unit/evaluation/examiner.test.ts'],
    [
      ['bins differ only at ten deviations', 'const Z_LIMIT = 1.96;', 'const Z_LIMIT = 3.5;'],
      ['one bin in three differs by chance', 'const Z_LIMIT = 1.96;', 'const Z_LIMIT = 1;'],
    ],
  ),
  ...of(
    'src/evaluation/measures/mode-coverage.ts',
    [
      'tests/unit/evaluation/examiner.test.ts',
      'tests/unit/evaluation/collapse.test.ts',
      'tests/unit/evaluation/measures/measures.test.ts',
    ],
    [
      [
        'coverage is turned round',
        'gan_mode_coverage_ratio: captured / expected',
        'gan_mode_coverage_ratio: expected / captured',
      ],
      ['one picture has modes', 'realDistances.length > 1 &&', 'true &&'],
      ['a class is captured by a single sample', 'least: classes.length / SAMPLES_OF_A_CLASS', 'least: 1'],
      ['empty bins count as hit', 'least: 1,', 'least: 0,'],
      ['noise counts as digits', 'near[i]! && confidences', 'confidences'],
      ['a classifier that guesses counts', 'confidences[i]! >= CONFIDENCE_LEAST', 'true'],
      ['noise fills bins', 'groups.filter((_, i) => near[i]!)', 'groups.filter(() => true)'],
      ['all groups share one limit', 'limits.get(groups[i]!) ?? ofAll', 'ofAll'],
    ],
  ),
  ...of(
    'src/evaluation/real-neighbours.ts',
    ['tests/unit/evaluation/examiner.test.ts', 'tests/unit/evaluation/collapse.test.ts'],
    [
      ['a real image is its own neighbour', 'FAR = 1e30', 'FAR = 0'],
      ['noise is near in few dimensions', 'const DIMENSIONS = 256', 'const DIMENSIONS = 1'],
    ],
  ),
  ...of(
    'src/evaluation/sample-drawer.ts',
    ['tests/unit/evaluation/sample-drawer.test.ts'],
    [
      ['every batch of samples is the same', 'batchSeed(seed, from / BATCH)', 'batchSeed(seed, 0)'],
      [
        'how many samples are asked for changes them',
        'batchSeed(seed, from / BATCH)',
        'batchSeed(seed, count - from)',
      ],
    ],
  ),
  ...of(
    'src/server/training/step-record.ts',
    ['tests/unit/server/training/step-record.test.ts'],
    [
      ["statistics are the last shard's", 'sum += row[column]!;', 'sum = row[column]! * this.shards;'],
      ["a node's rows all land on its first leaf", 'this.rows[from + i] = row;', 'this.rows[from] = row;'],
      [
        'rows of the wrong length fit',
        'rows.every((row) => row.length === statistics.length)',
        'rows.every((row) => row.length > 0)',
      ],
    ],
  ),
  ...of(
    'src/server/training/verification.ts',
    ['tests/unit/server/training/verification.test.ts'],
    [
      ['all tasks are verified', '.uniform() < verify.fraction', '.uniform() < 1'],
      ['all tasks of a step are verified, or none', 'net, step, keyOf(node))', 'net, step)'],
    ],
  ),
  ...of(
    'src/checkpoints/checkpoint-store.ts',
    ['tests/unit/checkpoints/checkpoint-store.test.ts'],
    [
      ['those that have served stay', 'this.expired(await this.steps(), checkpoint.step)', '[] as number[]'],
      ['the newest checkpoint is the first by name', 'sort((a, b) => b - a)', 'sort()'],
      ['a rollback keeps the line that it abandons', 'if (later > step)', 'if (later < step)'],
    ],
  ),
  ...of(
    'src/checkpoints/checkpoint.ts',
    ['tests/unit/checkpoints/checkpoint-store.test.ts'],
    [
      ['a changed byte goes unnoticed', ".digest('hex') === checksum", ".digest('hex') !== ''"],
      ['a checkpoint may hold NaN', 'firstNotFinite(chunk) < 0', 'chunk.length >= 0'],
    ],
  ),
  ...of('src/reference-trainer.ts', TRAINING, [
    ["the reference's Adam forgets to correct its first moment", 'm[i]! / (1 - options.beta1 ** t)', 'm[i]!'],
    [
      "the reference's RMSProp takes epsilon under the root",
      'Math.sqrt(v[i]!) + options.epsilon);',
      'Math.sqrt(v[i]! + options.epsilon));',
    ],
    ["the reference's SGD climbs", '* v[i]! - rate * g[i]!;', '* v[i]! + rate * g[i]!;'],
    [
      "the reference's clip is one-sided",
      'Math.max(-bound, Math.min(bound, w[i]!))',
      'Math.min(bound, w[i]!)',
    ],
    [
      "the reference's slots keep what they ought to take",
      'slot.momentum * vector[i]! + (1 - slot.momentum) * payload[i]!',
      '(1 - slot.momentum) * vector[i]! + slot.momentum * payload[i]!',
    ],
    [
      "the reference's average takes what it ought to keep",
      'keep * average[i]! + take * newest[i]!',
      'take * average[i]! + keep * newest[i]!',
    ],
    ["the reference's AdamW decays nothing", 'w[i]! *= 1 - rate * options.weightDecay', 'w[i]! *= 1'],
    ["the reference's optimist forgets its last step", '- rate * last[i]!', ''],
    ["the reference's slow weights do not move", 'slow[i]! += lookahead.rate', 'slow[i]! += 0'],
    ['the reference clips nothing', 'gradient[i]! *= share', 'gradient[i]! *= 1'],
    [
      'the reference counts its updates from 0',
      'gradient, memory[net], step + 1);',
      'gradient, memory[net], step + 2);',
    ],
  ]),
  ...of(
    'src/compiler/recording.ts',
    ['tests/unit/compiler/compile.test.ts'],
    [
      [
        'a number made on the host is frozen into the graph',
        'if (a && b && equalNodes(a, b)) continue;',
        'if (a && b) continue;',
      ],
    ],
  ),
  ...of(
    'src/compiler/mixed-precision.ts',
    ['tests/unit/compiler/mixed-precision.test.ts', 'tests/unit/compiler/compile.test.ts'],
    [
      [
        'bfloat16 runs leave convolutions in float32',
        'Conv2D: { inputs: [0, 1], outputs: [0], always: true }',
        'Conv2D: { inputs: [0, 1], outputs: [0], always: false }',
      ],
      [
        "a bfloat16 step's outputs are bfloat16",
        "source: rewriter.as(output.source, 'float32'),",
        'source: output.source,',
      ],
    ],
  ),
  ...of(
    'src/server/peers/uniformity.ts',
    ['tests/unit/server/peers/uniformity.test.ts'],
    [
      [
        'a worker that computes other bits is welcome',
        'usual.canary === undefined || canary === usual.canary',
        'canary !== undefined',
      ],
      [
        'a machine of another kind is welcome',
        'if (theirs === ours) continue;',
        'if (theirs !== undefined) continue;',
      ],
    ],
  ),
  ...of(
    'tests/architecture/imports.test.ts',
    ['tests/architecture/imports.test.ts'],
    [
      [
        'losses may use numerics, which they do not',
        "losses: {\n    may: ['modules', 'variants.ts'],",
        "losses: {\n    may: ['modules', 'numerics', 'variants.ts'],",
      ],
      [
        'metrics may use the wire, which they do not',
        "metrics: {\n    may: ['evaluation/measures', 'marked.ts', 'parameters', 'protocol'],",
        "metrics: {\n    may: ['wire', 'evaluation/measures', 'marked.ts', 'parameters', 'protocol'],",
      ],
    ],
  ),
  ...of(
    'src/data/picture.ts',
    ['tests/unit/data/images.test.ts'],
    [
      ['any loader of libvips is reached', "sharp.block({ operation: ['VipsForeignLoad'] });", ''],
      ['a picture may claim any size', 'const PIXELS_MAX = 2 ** 26;', 'const PIXELS_MAX = 2 ** 40;'],
      ['pictures come out as they lie', '.autoOrient()', ''],
      ['what is transparent is black', '.flatten({ background })', '.removeAlpha()'],
      ['a cut picture is read', "failOn: 'error'", "failOn: 'none'"],
      ['junk between markers is damage', "failOn: 'error'", "failOn: 'warning'"],
      ['scaling aliases', "kernel: 'linear'", "kernel: 'nearest'"],
    ],
  ),
  ...of(
    'src/data/pictures.ts',
    ['tests/unit/data/images.test.ts'],
    [
      [
        "a damaged picture is told another's damage",
        'alone: () => decoded(picture, form, memory)',
        'alone: async () => outcome',
      ],
      [
        'items come in the order in which they are decoded',
        'running.push(outcomeOf(picture, form, memory));',
        'running.unshift(outcomeOf(picture, form, memory));',
      ],
      ['a damaged picture ends the reading', 'else sink.leaveOut(outcome);', 'else throw outcome;'],
    ],
  ),
  ...of(
    'src/data/stylegan-labels.ts',
    ['tests/unit/data/sources.test.ts'],
    [
      ['a picture may lack its label', 'if (lacking.length > 0)', 'if (lacking.length < 0)'],
      ['labels go by their place', 'byName.get(name)!', '[...byName.values()][pictures.indexOf(name)]!'],
    ],
  ),
  ...of(
    'src/data/zip.ts',
    ['tests/unit/data/sources.test.ts'],
    [['hidden files are pictures', "some((part) => part.startsWith('.'))", "some((part) => part === '')"]],
  ),
  ...of(
    'src/data/npz.ts',
    ['tests/unit/data/sources.test.ts'],
    [
      ['planes are read as pixels', 'isPlanar ? interleaved(item, channels) : item', 'item'],
      ['a signed label is read without its sign', "labels.type.includes('i')", "labels.type.includes('u')"],
    ],
  ),
  ...of(
    'src/data/npy.ts',
    ['tests/unit/data/sources.test.ts'],
    [
      ['an array may be cut short', 'if (done !== bytes)', 'if (done > bytes)'],
      ['columns are taken for rows', "/'fortran_order':\\s*True/.test(text)", 'text === undefined'],
    ],
  ),
  ...of(
    'src/cli/server-command.ts',
    ['tests/cluster/sources.test.ts'],
    [
      [
        'a server that decodes hears a stop when it is through',
        'else if (hasData || exitCode === undefined) heard.push(what);',
        'else if (performance.now() > 0) heard.push(what);',
      ],
    ],
  ),
  ...of(
    'src/data/unused-items.ts',
    ['tests/unit/data/cache.test.ts'],
    [
      [
        'a decoding that is gone on with late is removed first',
        'if (path && path !== wanted) await',
        'if (path) await',
      ],
      ["a start fails where another's data are being decoded", 'throw HELD;', "throw new Error('held');"],
      ['the use of a set is not noted', 'utimesSync(path, new Date(), new Date());', ''],
    ],
  ),
  ...of(
    'src/data/mirrored.ts',
    ['tests/unit/data/idx.test.ts'],
    [
      [
        'a mirrored set has the digest of the plain one',
        "digest: createHash('sha256')",
        "unused: createHash('sha256')",
      ],
      [
        'mirroring swaps colours',
        '(width - 1 - x) * channels, (width - x) * channels',
        'x * channels, (x + 1) * channels',
      ],
    ],
  ),
  ...of(
    'src/data/idx.ts',
    ['tests/unit/data/idx.test.ts'],
    [
      ['letters lie on their side', 'form.isTransposed ? transposed(item, height) : item', 'item'],
      ['labels that begin at 1 miss a class', 'classes[i]! - form.first', 'classes[i]!'],
    ],
  ),
  ...of(
    'src/evaluation/sample-export.ts',
    ['tests/unit/cli/data-show.test.ts'],
    [
      [
        'labels are left out of what is shown',
        'if (shape.length === 3 && labels)',
        'if (shape.length === 0 && labels)',
      ],
      ['labels are not beside the array', "if (format === '.npy') {", "if (format !== '.npy') {"],
    ],
  ),
  ...of(
    'src/data/item-cache.ts',
    ['tests/unit/data/cache.test.ts', 'tests/unit/data/images.test.ts'],
    [
      ['a damaged cache is made again in silence', 'log?.(', 'void ('],
      [
        'damaged pictures are skipped unasked',
        "if (onDamage === 'refuse' || count === 0)",
        'if (count === 0)',
      ],
      ['an interrupted decoding begins anew', 'let isDone = !isResumable;', 'let isDone = true;'],
    ],
  ),
  ...of(
    'src/data/item-file.ts',
    ['tests/unit/data/cache.test.ts', 'tests/unit/data/images.test.ts'],
    [
      [
        'a changed pixel keeps its accepted digest',
        '(await digestOf(file, header, notes)) === header.digest',
        '(await digestOf(file, header, notes))',
      ],
      [
        'a damaged header ends the run',
        '    return undefined; // damaged: it is made again',
        "    throw new Error('damaged');",
      ],
      ['a piece that changed is gone on with', '!== piece.sha256) break;', '=== undefined) break;'],
      [
        'skipped pictures leave the digest',
        'damaged > 0 ? [shape, count, { damaged }]',
        'damaged < 0 ? [shape, count, { damaged }]',
      ],
    ],
  ),
  ...of(
    'src/config/bounded-yaml.ts',
    ['tests/unit/config/load-config.test.ts'],
    [
      ['a config may hold itself', 'depth > DEPTH_MAX || valueCount > VALUES_MAX', 'valueCount < 0'],
      ['a text may be nested deeper than the stack', '    requireShallow(text);\n', ''],
      ['a config may have any length', 'Buffer.byteLength(text) > YAML_BYTES_MAX', 'text === undefined'],
      ['--set changes every place of an alias', 'return copy(tree, 0);', 'copy(tree, 0);\n  return tree;'],
    ],
  ),
  ...of(
    'src/data/unpack.ts',
    ['tests/unit/data/tar.test.ts'],
    [['an archive may unpack without end', 'if (unpacked > bytesMax)', 'if (unpacked < 0)']],
  ),
  ...of(
    'src/run-folder/lock.ts',
    ['tests/cluster/lock-race.test.ts'],
    [
      [
        'two that take over a dead lock at once both win',
        'const isStill = read(file) === found;',
        'const isStill = found !== undefined;',
      ],
      [
        'a lock on taking over that a dead one left shuts everybody out',
        'const replacer = take(replacing, draft);',
        'const replacer = tryLink(draft, replacing) ? undefined : holder;',
      ],
    ],
  ),
  ...of(
    'src/server/environment.ts',
    ['tests/unit/server/environment-variables.test.ts'],
    [
      [
        "secrets of others are written into a run's folder",
        '.filter(([name]) => ALLOWED.has(name))',
        ".filter(([name]) => ALLOWED.has(name) || name.startsWith('TF_'))",
      ],
    ],
  ),
  ...of(
    'src/protocol/messages.ts',
    ['tests/unit/protocol/names.test.ts'],
    [['a name turns the direction of a line', '[^\\p{Cc}\\p{Cf}', '[^\\p{Cc}']],
  ),
  ...of(
    'src/server/pages/run-status.ts',
    ['tests/unit/protocol/names.test.ts'],
    [['a name moves the cursor of whoever asks for the status', '.transform(plain)', '.transform(String)']],
  ),
  ...of(
    'src/transport/zap.ts',
    ['tests/unit/transport/strangers.test.ts'],
    [['a stranger who comes as the run ends fails it', 'if (!socket.closed) throw error;', 'throw error;']],
  ),
  ...of(
    'src/server/pages/http.ts',
    ['tests/unit/server/pages/http.test.ts', 'tests/cluster/unreachable.test.ts'],
    [
      ['silent connections stay open', '  server.timeout = SILENCE_MS;\n', ''],
      [
        'a page that fails ends the run',
        'return await replyTo(method, url, routes);',
        'return replyTo(method, url, routes);',
      ],
    ],
  ),
  ...of(
    'src/cli/status-command.ts',
    ['tests/cluster/unreachable.test.ts'],
    [['nash status waits for ever for an answer that does not come', '}, ANSWER_MS);', '}, 1e9);']],
  ),
  ...of(
    'src/run-folder/server-address.ts',
    ['tests/cluster/unreachable.test.ts'],
    [['nash stop signals a group of processes', 'pid: z.int().positive(),', 'pid: z.number(),']],
  ),
  ...of(
    'src/transport/proof.ts',
    ['tests/unit/transport/admission.test.ts'],
    [
      [
        'whoever says a key is its holder',
        'return timingSafeEqual(expected, Buffer.from(proof.mac, ',
        'return true || (expected, Buffer.from(proof.mac, ',
      ],
      ['a proof holds for every session', 'update(`nash hello', 'update(`nash hi` || `'],
    ],
  ),
  ...of(
    'src/transport/admission.ts',
    ['tests/unit/transport/admission.test.ts'],
    [
      ['hosts are taken at their word everywhere', 'return this.isOpen ? ', 'return true ? '],
      [
        'a key that proves itself is let in though nobody allowed it',
        'this.isAllowed(proof.key) ?',
        'true ?',
      ],
    ],
  ),
  ...of(
    'src/transport/private-folder.ts',
    ['tests/unit/transport/other-user.test.ts'],
    [
      ["another user's folder is taken for a server's own", 'uid === own && (mode', '(mode'],
      ['a folder that others may enter is taken for private', ' && (mode & 0o077) === 0)', ')'],
      ['a link to a folder is followed', ' | constants.O_NOFOLLOW', ''],
    ],
  ),
  ...of(
    'src/transport/shared-memory.ts',
    ['tests/unit/transport/shared-memory.test.ts'],
    [
      ['a file with a name is taken for memory', 'isPrivateFile && nlink === 0', 'isPrivateFile'],
      ['a file on a disk is taken for memory', ' && dev === statSync(FOLDER).dev', ''],
      ["another user's file is taken for memory", ' && uid === process.getuid!()', ''],
      ['a file for everybody is taken for memory', 'return isPrivateFile && ', 'return '],
    ],
  ),
  ...of(
    'src/worker/session.ts',
    ['tests/unit/worker/session.test.ts'],
    [
      [
        'who comes to the address of a server that is gone is believed',
        'if (this.isLost && message',
        'if (false && message',
      ],
    ],
  ),
  ...of(
    'src/transport/tcp-gate.ts',
    ['tests/unit/transport/tcp-gate.test.ts'],
    [
      ['a stranger may send what he likes', '!this.isProven && this.relayed > PROOF_BYTES_MAX', 'false'],
      ['a stranger may take his time', ' s`), HANDSHAKE_MS);', ' s`), 10 * HANDSHAKE_MS);'],
      ['a message may grow for ever', 'if (this.underWay >= WINDOW) this.outer.pause()', ''],
      [
        'a full window stays full though the server has read',
        'this.underWay < WINDOW && this.outer.isPaused()',
        'false',
      ],
      ['who never ends a message is kept', 'connection.stalledSeconds() >= STALL_S', 'false'],
      ['an address may hold every place', 'ofAddress: 16,', 'ofAddress: 64,'],
      ['a handshake is never over', "name === 'READY'", "name === 'READ'"],
    ],
  ),
  ...of(
    'src/transport/router.ts',
    ['tests/unit/transport/tcp-gate.test.ts'],
    [["a connection is heard under another's session", 'known === undefined || known === home', 'true']],
  ),
  ...of(
    'src/server/log.ts',
    ['tests/unit/server/log.test.ts'],
    [
      ['peers fill the disk by way of the log', 'if (bytes > leftBytes) return false;', ''],
      ["a crowd of refusals leaves the server's own lines out", 'OF_PEERS.has(event) && !', '!'],
      ['what was left out of the log is not told', 'leftOut += 1;', ''],
    ],
  ),
  ...of(
    'src/server/training/evaluations.ts',
    ['tests/unit/server/training/evaluations.test.ts'],
    [
      ['a silent evaluator is waited for for ever', 'onHung(evaluator);', ''],
      [
        'a long evaluation is given a minute',
        'Math.max(leastMs, factor * this.longestMs)',
        'Math.max(leastMs, this.longestMs)',
      ],
      ['an evaluation may take hours', 'return Math.min(mostMs, ', 'return Math.max(leastMs, '],
      ['the next evaluator looks at other weights', 'if (!isPublished) this.parts', 'this.parts'],
      [
        'whoever comes after a silent evaluator is asked for another version',
        'this.ask(this.outstanding() ?? this.parts.version());',
        'this.ask(this.parts.version());',
      ],
    ],
  ),
  ...of(
    'src/run-folder/server-address.ts',
    ['tests/cluster/unreachable.test.ts'],
    [
      [
        'a process id that was given again is taken for the server',
        'if (found !== undefined && (started ?? found) === found) return address;',
        'if (found !== undefined) return address;',
      ],
      [
        'whoever has the port of a killed server is asked',
        'if (found !== undefined && (started ?? found) === found) return address;',
        'if (pid > 0) return address;',
      ],
    ],
  ),
  ...of(
    'src/cli/stop-command.ts',
    ['tests/cluster/unreachable.test.ts'],
    [
      [
        "root ends whatever process another user's file names",
        "requireOwner(runFile(runDir, 'address'), pid);",
        '',
      ],
    ],
  ),
  ...of(
    'src/cli/status-command.ts',
    ['tests/cluster/unreachable.test.ts'],
    [
      [
        'an impostor fills the memory of whoever asks for the status',
        'if (bytes <= ANSWER_BYTES_MAX) return;',
        'if (bytes >= 0) return;',
      ],
    ],
  ),
  ...of(
    'src/server/peers/uniformity.ts',
    ['tests/unit/server/peers/uniformity.test.ts'],
    [
      [
        'who claims first decides what is usual',
        'if (!difference && served',
        'for (const [kind, canary] of claim.canaries)\n      if (!this.usual.has(kind)) this.usual.set(kind, { fingerprint, canary, worker: name });\n    if (!difference && served',
      ],
      [
        'whoever claimed otherwise computes on',
        'return difference ? [{ session: other, difference }] : [];',
        'return difference && other === session ? [{ session: other, difference }] : [];',
      ],
      ['an evaluator decides what is usual', "if (role === 'evaluator') return undefined;", ''],
      [
        'a worker without a trial gradient is welcome',
        'if (missing) {',
        'if (missing === undefined && false) {',
      ],
    ],
  ),
  ...of(
    'src/server/training/training.ts',
    ['tests/unit/server/peers/held-memory.test.ts'],
    [
      [
        'an answer to a task that nobody gave its sender takes memory',
        'const isHeld = task?.issue === issue && isSameTask(task, name)',
        'const isHeld = task !== undefined',
      ],
    ],
  ),
  ...of(
    'src/server/peers/weights-sender.ts',
    ['tests/unit/server/peers/held-memory.test.ts'],
    [
      [
        'a worker that never says what it has is believed',
        'if (peer.onTheirWay.has(keyOf({ term, vector, version })))',
        'if (peer.onTheirWay.has(keyOf({ term, vector, version: -1 })))',
      ],
      [
        'a worker that takes tasks and answers none keeps every version',
        'const UNRECEIVED_MAX = 24;',
        'const UNRECEIVED_MAX = 1e9;',
      ],
      ['a version is sent as often as a peer likes', 'const SENT_MAX = 16;', 'const SENT_MAX = 1e9;'],
    ],
  ),
  ...of(
    'src/server/peers/places.ts',
    ['tests/unit/server/peers/crowds.test.ts'],
    [
      [
        'one identity takes every place',
        'const isCrowd = own.length >= max / 2;',
        'const isCrowd = own.length > max;',
      ],
      [
        'whoever comes first makes room, whoever fills the house',
        'isCrowd ? own : largest(unprepared(peers))',
        'isCrowd ? own : [...peers]',
      ],
    ],
  ),
  ...of(
    'src/server/peers/reception.ts',
    ['tests/unit/server/peers/crowds.test.ts'],
    [
      [
        'saying hello again wins time to prepare',
        "before?.state === 'greeted' ? before.greetedMs : heardMs",
        'heardMs',
      ],
    ],
  ),
  ...of(
    'src/server/peers/liveness.ts',
    ['tests/unit/server/peers/crowds.test.ts'],
    [
      [
        'who hangs up all the time fills the queue of a worker that computes',
        'if (pingCount < PROBED_MAX) ping(session);',
        'if (pingCount >= 0) ping(session);',
      ],
    ],
  ),
  ...of(
    'src/server/peers/quarantines.ts',
    ['tests/unit/server/peers/quarantines.test.ts'],
    [
      [
        'a liar comes back under its name',
        'if (!record.names.has(wishedName)) return undefined;',
        'if (wishedName) return undefined;',
      ],
      ['a liar comes back under fresh names for ever', 'record.count >= STRIKES &&', 'record.count < 0 &&'],
      ["the server's own user is turned away for good", '&& !this.isOwn(identity)', ''],
      ['welcomes are never delayed', 'return count < 2 ? 0 :', 'return count >= 0 ? 0 :'],
    ],
  ),
  ...of(
    'src/server/peers/peers.ts',
    ['tests/fuzz/sessions.test.ts'],
    [['the names of peers that went stay taken', 'this.names.delete(peer.name);', '']],
  ),
  ...of(
    'src/server/peers/reception.ts',
    ['tests/fuzz/sessions.test.ts'],
    [
      ['the versions of peers that went are kept', '    weights.drop(peer);\n', ''],
      [
        'a prepared that is said twice is two workers',
        "if (peer.state === 'ready') throw new MalformedMessage(",
        "if (peer.state !== 'ready' && peer.state !== 'greeted') throw new MalformedMessage(",
      ],
    ],
  ),
  ...of(
    'src/server/training/answer-intake.ts',
    ['tests/unit/server/peers/held-memory.test.ts'],
    [
      [
        'half an answer is kept for ever',
        'this.drop(session); // of a task that it does not hold any more',
        '',
      ],
    ],
  ),
  ...of(
    'src/server/training/training.ts',
    ['tests/unit/server/peers/held-memory.test.ts'],
    [['an answer that is looked at is taken again and again', 'this.scanning.add(peer.session);', '']],
  ),
  ...of(
    'src/server/peers/local-peers.ts',
    ['tests/unit/server/peers/held-memory.test.ts'],
    [
      [
        'every hello takes a file of the server',
        'if (this.answers.size >= MEMORIES_MAX) return undefined;',
        '',
      ],
    ],
  ),
  ...of(
    'src/server/training/published-versions.ts',
    ['tests/unit/server/peers/held-memory.test.ts'],
    [
      [
        'a crowd of slow peers keeps every version in memory',
        'if (sizes.reduce((sum, bytes) => sum + bytes, 0) <= mostBytes) return [];',
        'if (sizes.length >= 0 && mostBytes > 0) return [];',
      ],
      ['the newest of the slow peers goes first', 'each.serial < first.serial', 'each.serial > first.serial'],
    ],
  ),
  ...of(
    'src/transport/dealer.ts',
    ['tests/unit/transport/strangers.test.ts'],
    [["who poses in a server's place sends its workers home", 'if (this.hasMet) return undefined;', '']],
  ),
  ...of(
    'src/transport/admission.ts',
    ['tests/unit/transport/admission.test.ts'],
    [
      [
        'the workers of a server that was killed do not know the next',
        "keptIn(keys, 'server') ?? this.pair",
        'this.pair',
      ],
    ],
  ),
  ...of(
    'src/config/load-config.ts',
    ['tests/unit/config/load-config.test.ts'],
    [
      ['a choice that comes later throws its settings away', '(CHOICES.has(keys.at(-1)!) ? 1 : 0)', '0'],
      ['a mapping that comes later throws away what was set in it', '2 * keys.length - ', '0 - '],
    ],
  ),
  ...of(
    'src/transport/router.ts',
    ['tests/unit/transport/strangers.test.ts'],
    [
      [
        'a socket is read while it is bound, and the server ends',
        '    void this.watch(home);\n',
        '    void this.watch(home);\n    this.homes.add(home);\n',
      ],
    ],
  ),
  ...of(
    'src/transport/limits.ts',
    ['tests/unit/transport/limits.test.ts'],
    [['a crowd of one address takes every place', 'return siblings[0];', 'return newest;']],
  ),
  ...of(
    'src/checkpoints/retention.ts',
    ['tests/unit/checkpoints/retention.test.ts'],
    [
      [
        'a checkpoint taken at a stop goes with those of the rule',
        "reason === 'rule' && this.options.isByRule(step)",
        'this.options.isByRule(step)',
      ],
      ['one taken by the clock stays', "reason === 'clock' ||", ''],
      ['the best goes with the others', '|| step === this.options.best?.()', ''],
      ['the best so far stays for ever', "reason === 'best' ||", ''],
      [
        'a run goes back to what the rule would have removed',
        'this.options.isByRule(step) && step >= this.floor',
        'this.options.isByRule(step)',
      ],
      [
        'one fewer stays than is kept',
        'anchors[this.options.keep - 1]!',
        'anchors[this.options.keep - 2] ?? step',
      ],
    ],
  ),
  ...of(
    'src/run/resumed-config.ts',
    ['tests/unit/run/resumed-config.test.ts'],
    [
      ['an amendment may change what cannot be', 'if (fixed.length > 0) {', 'if (fixed.length > 99) {'],
      ['a resumed run takes other settings', 'if (others.length > 0) {', 'if (others.length > 99) {'],
      [
        'amendments are undone in the order in which they were made',
        '[...amendments].reverse()',
        '[...amendments]',
      ],
      [
        'k counts from the beginning of the run when it is amended',
        'differences(before.schedule, asked.schedule).length === 0',
        'asked',
      ],
    ],
  ),
  ...of(
    'src/protocol/schedule.ts',
    ['tests/unit/protocol/schedule.test.ts'],
    [
      ['a pretrained D is not what the first G step sees', 'simultaneous: opens,', 'simultaneous: begins,'],
      [
        'D is pretrained again after an amendment',
        'originOf(schedule).generator === 0 ? (schedule.pretrain ?? 0) : 0',
        'schedule.pretrain ?? 0',
      ],
      ['lazy penalties are due one step late', 'step % every === 0', 'step % every === 1'],
      [
        'rounds before an amended k are counted as if they had it',
        '      since.discriminator +\n',
        '      0 +\n',
      ],
    ],
  ),
  ...of(
    'src/server/peers/uniformity.ts',
    ['tests/unit/server/peers/uniformity.test.ts'],
    [
      [
        'an amended step must have the bits of the one before',
        'for (const [stepKind, { canary: _, ...rest }] of this.usual)',
        'for (const [stepKind, rest] of this.usual)',
      ],
    ],
  ),
  ...of(
    'src/server/going-on.ts',
    ['tests/cluster/resume.test.ts'],
    [
      [
        'a run goes on with other data',
        'before === undefined || before === digest',
        'before !== digest || before === digest',
      ],
    ],
  ),
  ...of(
    'src/server/pace.ts',
    ['tests/unit/server/pace.test.ts'],
    [
      ['a run that has not stepped is ready', 'return this.hasStepped && ', 'return '],
      ['a run of slow steps is not ready between them', 'PATIENCE.factor * usualMs', 'usualMs'],
      ['a step that was waited for hides the next wait', '[this.stepsMs.length >> 1]', '.at(-1)'],
    ],
  ),
  ...of(
    'src/protocol/coordinator.ts',
    ['tests/unit/protocol/coordinator.test.ts'],
    [
      [
        'a wait for workers to come is not counted',
        '    if (!this.dueMs.has(net)) this.dueMs.set(net, this.nowMs);\n    const workers = this.roster.countFor(net, this.nowMs);\n    if (workers === 0) return;\n',
        '    const workers = this.roster.countFor(net, this.nowMs);\n    if (workers === 0) return;\n    if (!this.dueMs.has(net)) this.dueMs.set(net, this.nowMs);\n',
      ],
      [
        'a step that is done is still waited for',
        '    this.dueMs.delete(net);\n    this.rounds',
        '    this.rounds',
      ],
    ],
  ),
  ...of(
    'src/server/run-view.ts',
    ['tests/cluster/readiness.test.ts'],
    [['a run that steps says that it waits', 'if (pace.isStepping(now())) return null;', '']],
  ),
  ...of(
    'src/server/pages/routes.ts',
    ['tests/unit/server/pages/http.test.ts'],
    [['a run on the port of one that died answers for it', 'if (wanted === run) return', 'if (run) return']],
  ),
  ...of(
    'src/server/pages/http.ts',
    ['tests/unit/server/pages/http.test.ts'],
    [
      [
        'a port that was meant is not held to',
        "triesLeft: address.endsWith('+') ? PORTS_TRIED : 1",
        'triesLeft: PORTS_TRIED',
      ],
      [
        'a second run of a host is refused',
        "triesLeft: address.endsWith('+') ? PORTS_TRIED : 1",
        'triesLeft: 1',
      ],
    ],
  ),
  ...of(
    'src/server/pages/scrapes.ts',
    ['tests/unit/server/pages/scrapes.test.ts'],
    [
      ['a server ends before anybody has seen how', 'while (this.lastMs === lastMs && ', 'while (false && '],
      ['the end of a run waits for a scrape that does not come', 'lastMs + intervalMs + LATE_MS', 'Infinity'],
    ],
  ),
  ...of(
    'src/run-folder/run-folder.ts',
    ['tests/unit/run-folder/run-folder.test.ts'],
    [
      [
        'a run that is resumed has another name',
        "if (!existsSync(path)) this.replace('id'",
        "this.replace('id'",
      ],
      ['Prometheus looks for a server that has ended', '    unlinkTargets(this.path);\n', ''],
    ],
  ),
  ...of(
    'src/run-folder/targets.ts',
    ['tests/unit/run-folder/run-folder.test.ts'],
    [['links of folders that are gone stay', 'if (!existsSync(join(folder, name)))', 'if (!name)']],
  ),
  ...of(
    'cluster/observability/rules/alerts.yml',
    ['tests/cluster/prometheus.test.ts'],
    [
      [
        'a lost worker is forgotten after half an hour',
        'max by (job, run, pool) (gan_pool_workers_most)',
        'max_over_time(run_pool:gan_pool_workers:sum[30m])',
      ],
      [
        'a run that failed and goes on still alerts',
        'unless on (job, run) gan_run_state{state="failed"} == 0',
        '',
      ],
    ],
  ),
  ...of(
    'cluster/observability/rules/recording.yml',
    ['tests/cluster/prometheus.test.ts'],
    [
      [
        'a run has the past of another on its port',
        'avg by (job, run) (gan_discriminator_accuracy_ratio)',
        'avg by (job, instance) (gan_discriminator_accuracy_ratio)',
      ],
    ],
  ),
  ...of(
    'src/cli/status-command.ts',
    ['tests/cluster/records.test.ts', 'tests/cluster/unreachable.test.ts'],
    [
      [
        'a run that was killed is shown as it once ended',
        'isOpen(folder) || livingHolder(folder) ? undefined',
        'false ? undefined',
      ],
    ],
  ),
  ...of(
    'src/server/pages/run-status.ts',
    ['tests/unit/cli/status-table.test.ts'],
    [
      [
        'a loss that is no number is taken for a broken answer',
        '  .nullable()\n  .transform((value) => value ?? Number.NaN);',
        ';',
      ],
    ],
  ),
  ...of(
    'src/cli/pm2-names.ts',
    ['tests/cluster/pm2.test.ts'],
    [
      ["a second run takes the first one's processes over", 'if (!first) return;', 'return;'],
      ['a run in a folder of the same name takes over', '&& pm2_env.pm_out_log_path === app.out_file', ''],
    ],
  ),
  ...of(
    'src/run-folder/line-file.ts',
    ['tests/unit/run-folder/line-file.test.ts'],
    [
      ['what found no room is lost', 'this.waiting.push(', 'this.waiting = [];\n    this.waiting.push('],
      ['a line is written behind half a line', 'if (this.isTorn) dropUnfinishedLine(this.path);', ''],
      ['lines wait without bound', 'while (this.length > WAITING_MAX)', 'while (this.length > 1e12)'],
    ],
  ),
  ...of(
    'src/server/trouble.ts',
    ['tests/unit/server/trouble.test.ts'],
    [
      [
        'a full disk fills the log',
        'this.nextMs.set(kind, nowMs + EVERY_MS)',
        'this.nextMs.set(kind, nowMs)',
      ],
    ],
  ),
  ...of(
    'src/protocol/coordinator.ts',
    ['tests/unit/protocol/coordinator.test.ts'],
    [
      [
        'training goes on while a checkpoint finds no room',
        'if (this.isPaused || !this.rounds.mayBegin',
        'if (!this.rounds.mayBegin',
      ],
      ['a stop waits for ever behind a full disk', 'this.isPaused = false; // the round', '// the round'],
    ],
  ),
  ...of(
    'src/errors.ts',
    ['tests/cluster/other-machines.test.ts'],
    [
      [
        'what is closed to a user is shown as a bug of ours',
        "  EACCES: 'It is closed",
        "  EACCESS: 'It is closed",
      ],
    ],
  ),
  ...of(
    'src/run-folder/ownership.ts',
    ['tests/cluster/other-machines.test.ts'],
    [
      [
        'a folder that is closed to a user holds no run',
        "boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(error))",
        "boolean => codeOf(error) !== ''",
      ],
    ],
  ),
  ...of(
    'src/run-folder/ownership.ts',
    ['tests/unit/run-folder/ownership.test.ts'],
    [
      [
        "a run writes over somebody else's files",
        '  refuse(path, [...files,',
        '  if (path) return;\n  refuse(path, [...files,',
      ],
      ["a run mixes with somebody else's checkpoints", '...files, ...within, ', '...files, '],
      [
        "--force removes somebody else's logs",
        '(!/ndjson$/.test(name) || LOG_MARK',
        '(name !== path || LOG_MARK',
      ],
      ["--force removes another program's event files", '\\d{10}\\..+\\.nash$/', '\\d{10}\\..+$/'],
      ["any config.yaml makes a folder a run's", '.startsWith(CONFIG_MARK)', ".startsWith('')"],
      ['what a killed process wrote aside stays for ever', 'ASIDE.exec(name)?.[1] ?? name', 'name'],
    ],
  ),
  ...of(
    'src/protocol/patience.ts',
    ['tests/unit/protocol/patience.test.ts'],
    [
      ['a wait is said once and never again', 'AGAIN_MS : SAID_AFTER_MS', 'Infinity : SAID_AFTER_MS'],
      ['nobody hears that a wait is over', 'return wasSaid ?', 'return wasSaid && false ?'],
    ],
  ),
  ...of(
    'src/server/run-wait.ts',
    ['tests/unit/server/run-wait.test.ts'],
    [
      [
        'a run is given up while its workers get ready',
        'lacksWorkers && preparingCount === 0',
        'lacksWorkers',
      ],
      [
        'a run is given up that has had its workers',
        '(this.lacksSinceMs ?? nowMs) : undefined',
        '(this.lacksSinceMs ?? nowMs) : this.lacksSinceMs',
      ],
    ],
  ),
  ...of(
    'src/run/open-run.ts',
    ['tests/unit/run/open-run.test.ts'],
    [
      [
        'pictures are decoded for a net that cannot make such',
        'if (shape) requireOutputBias',
        'if (shape === null) requireOutputBias',
      ],
    ],
  ),
  ...of(
    'src/cli/placement.ts',
    ['tests/unit/cli/placement.test.ts'],
    [['workers that have nothing to do are not named', 'if (count <= shards) return [];', 'return [];']],
  ),
  ...of(
    'src/cli/run-generator.ts',
    ['tests/cluster/sample.test.ts'],
    [
      ['--raw is the average all the same', "choice.raw ? 'generator' : 'average'", "'average'"],
      ['--step takes the newest all the same', 'if (step !== undefined) {', 'if (step === runDir) {'],
    ],
  ),
  ...of(
    'src/evaluation/sample-export.ts',
    ['tests/cluster/sample.test.ts'],
    [['one picture is framed and enlarged', 'return count === 1\n', 'return count === 0\n']],
  ),
  ...of(
    'src/setup/modules.mjs',
    ['tests/unit/setup/modules.test.ts'],
    [['a package that npm left out is not missed', 'return missingDependency(at)', 'return undefined']],
  ),
  ...of(
    'src/setup/places.mjs',
    ['tests/setup/package.test.ts'],
    [['a package that lies beside Nash is not found', 'if (dirname(folder) === folder)', 'if (root)']],
  ),
  ...of(
    'src/transport/dealer.ts',
    ['tests/cluster/hosts.test.ts'],
    [['a worker reaches no server over IPv6', 'ipv6: !isIPv4(', 'ipv6: isIPv4(']],
  ),
  ...of(
    'src/config/bounded-yaml.ts',
    ['tests/unit/config/load-config.test.ts'],
    [['an address in brackets cannot be set', 'text.length > PLAIN_MAX ||', 'text.length > 0 ||']],
  ),
  ...of(
    'src/transport/reachability.ts',
    ['tests/cluster/waits.test.ts'],
    [
      ['a closed port is as a silent host', "case 'ECONNREFUSED':", "case 'ECONNREFUSE':"],
      ['what says nothing is a firewall', 'isOpen = true', 'isOpen = false'],
    ],
  ),
  ...of(
    'src/worker/serve-run.ts',
    ['tests/cluster/waits.test.ts'],
    [['a worker never gives up', 'forMs < connectTimeoutMs) return', 'forMs > 0) return']],
  ),
  ...of(
    'src/checkpoints/file-storage.ts',
    ['tests/unit/run-folder/ownership.test.ts'],
    [
      [
        "half of somebody else's file is removed",
        'if (HALF_WRITTEN.test(name))',
        'if (name.endsWith(PARTIAL))',
      ],
    ],
  ),
  ...of(
    'bin/nash',
    ['tests/cluster/other-machines.test.ts'],
    [
      ['few files to open are a stack trace', 'if (allowed >= OPEN_FILES_MIN) return;', 'return;'],
      [
        'a library that is closed to a user is missing',
        "if (codeOf(cause) === 'EACCES') {",
        "if (codeOf(cause) === 'EPERM') {",
      ],
    ],
  ),
  ...of(
    'src/server/pages/http.ts',
    ['tests/cluster/other-machines.test.ts'],
    [
      [
        'whoever connects to the pages takes the files that the run needs',
        '{ addressOf, ...CONNECTIONS_MAX }',
        '{ addressOf, ofAddress: 256, inAll: 512 }',
      ],
    ],
  ),
  ...of(
    'src/losses/cross-entropy.ts',
    ['tests/unit/losses/losses.test.ts'],
    [['smoothing makes D surer', 'tf.add(loss, tf.mul(s', 'tf.sub(loss, tf.mul(s']],
  ),
  ...of(
    'src/losses/hinge.ts',
    ['tests/unit/losses/losses.test.ts'],
    [['D is never content with real items', 'tf.relu(tf.sub(1, real))', 'tf.sub(1, real)']],
  ),
  ...of(
    'src/losses/least-squares.ts',
    ['tests/unit/losses/losses.test.ts'],
    [['G draws its samples to 0', 'distance(fake, 1) as', 'distance(fake, 0) as']],
  ),
  ...of(
    'src/losses/relativistic.ts',
    ['tests/unit/losses/losses.test.ts'],
    [
      ['the loser is to win', 'tf.sub(b, a)', 'tf.sub(a, b)'],
      [
        'an item is held against the mean of its own kind',
        'above(winner, tf.mean(loser))',
        'above(winner, tf.mean(winner))',
      ],
    ],
  ),
  ...of(
    'src/server/training/net-state.ts',
    ['tests/unit/checkpoints/checkpoint-store.test.ts'],
    [
      [
        'a tensor that a checkpoint lacks is not missed',
        'missing: expected.flatMap(',
        'missing: [].flatMap(',
      ],
      ['what a checkpoint has more is dropped', '...strange.flatMap(', '...[].flatMap('],
      ['tensors that changed places are taken', 'return isOrdered ? [] : [', 'return [] ?? ['],
    ],
  ),
  ...of(
    'src/checkpoints/checkpoint-store.ts',
    ['tests/unit/checkpoints/checkpoint-store.test.ts'],
    [['a newer checkpoint is passed over for an older one', ' || error instanceof NewerCheckpoint', '']],
  ),
  ...of(
    'src/checkpoints/checkpoint.ts',
    ['tests/unit/checkpoints/checkpoint-store.test.ts'],
    [['a checkpoint does not say who wrote it', 'writer: WRITER, ', '']],
  ),
  ...of(
    'src/run-folder/ledger.ts',
    ['tests/unit/run-folder/ledger.test.ts'],
    [
      ['a ledger that goes on begins a chain anew', 'last === undefined ? BEGIN : hashOf(last)', 'BEGIN'],
      ['lines are not chained', 'if (read.data.previous !== previous)', 'if (false)'],
      ['an unfinished line counts', ".split('\\n').slice(0, -1)", ".split('\\n')"],
    ],
  ),
  ...of(
    'src/audit/records.ts',
    ['tests/cluster/audit.test.ts'],
    [
      ['a vector of a checkpoint is not held against the ledger', 'if (hash !== hashes[name])', 'if (false)'],
      ['settings of a checkpoint are not', 'if (configHash(config) !== said.settings)', 'if (false)'],
      ['a checkpoint that is gone is not missed', 'if (missing !== undefined)', 'if (false)'],
      [
        'result.json is not',
        'differences.push(...ofConfig(runDir, entries, checkpoints), ...ofResult(runDir, entries));',
        'differences.push(...ofConfig(runDir, entries, checkpoints));',
      ],
    ],
  ),
  ...of(
    'src/audit/segments.ts',
    ['tests/cluster/audit.test.ts'],
    [
      ['a tensor that came out otherwise is not told', 'if (a[i] !== b[i]) {', 'if (false) {'],
      [
        'lines between checkpoints are not looked at',
        'if (said && net)',
        'if (said && net && again.length < 0)',
      ],
    ],
  ),
  ...of(
    'src/evaluation/interpolation.ts',
    ['tests/unit/evaluation/interpolation.test.ts'],
    [
      ['a way along the sphere is straight', "path === 'spherical' ? angleOf(from, to) : 0", '0'],
      ['opposite latents have no way', 'sine < DEGENERATE ?', 'sine < 0 ?'],
    ],
  ),
  ...of(
    'src/evaluation/nearest-items.ts',
    ['tests/unit/evaluation/nearest-items.test.ts'],
    [['only the first items are looked at', 'from += BATCH', 'from += source.count']],
  ),
  ...of(
    'src/reproductions/reproduction.ts',
    ['tests/unit/reproductions/reproduction.test.ts'],
    [['the error is the deviation', '(values.length - 1) / values.length)', '(values.length - 1))']],
  ),
  ...of(
    'src/evaluation/measures/one-dimension.ts',
    ['tests/unit/evaluation/one-dimension.test.ts'],
    [
      [
        'total variation is twice itself',
        'Math.abs(p - generated[i]!))) / 2,',
        'Math.abs(p - generated[i]!))),',
      ],
      [
        'the value has the wrong sign for samples',
        '(logit) => -softplus(logit)',
        '(logit) => softplus(logit)',
      ],
      ['the optimal D is twice itself', 'return real[i]! / (', 'return (2 * real[i]!) / ('],
      ["G's loss is that of a D that is turned round", 'softplus(-logit)),\n  };', 'softplus(logit)),\n  };'],
    ],
  ),
  ...of(
    'src/protocol/pace.ts',
    ['tests/unit/protocol/pace.test.ts'],
    [
      ['D gets a step less where it judges badly', 'right < low * judged ? 1', 'right < low * judged ? -1'],
      [
        'what was judged before a decision counts for the next',
        '{ ...BEGIN, steps: Math',
        '{ ...this.now, steps: Math',
      ],
      [
        'D may come to no step a round',
        'Math.max(1, Math.min(most, steps + way))',
        'Math.min(most, steps + way)',
      ],
      [
        'a run that goes on begins anew with one step',
        'this.now = pace;',
        'this.now = { ...pace, steps: 1 };',
      ],
    ],
  ),
  ...of(
    'src/server/training/run-checkpoints.ts',
    ['tests/cluster/same-bits.test.ts'],
    [["a checkpoint forgets D's steps a round", '...(store.wholePace && {', '...(false && {']],
  ),
  ...of(
    'src/export/generator-graph.ts',
    ['tests/unit/export/generator-graph.test.ts'],
    [
      ['a batch’s square passes for a multiple of it', 'if (size !== TWO * perItem)', 'if (size < 0)'],
      ['a constant of other rows passes', 'if (isSame([repeated, three])) return row;', 'return row;'],
      ['noise is not what nash sample draws', 'drawLatents({ ...generator, batch }, seeds);', ''],
      [
        'all samples have the noise of the first',
        'rowsInTurn(node.name, rows, NOISE_ROWS)',
        'rowsInTurn(node.name, rows, 1)',
      ],
      ['truncation is forgotten', 'isTraining: false, seeds, truncation }', 'isTraining: false, seeds }'],
    ],
  ),
  ...of(
    'src/export/graph-rewrites.ts',
    ['tests/unit/export/generator-graph.test.ts'],
    [
      ['pictures that are made larger are brighter', '1 / factor! ** 2', '1 / factor!'],
      ['channels are put together in another order', '[0, 2, 3, 1]', '[0, 3, 2, 1]'],
    ],
  ),
  ...of(
    'src/export/graph-model.ts',
    ['tests/unit/export/graph-model.test.ts'],
    [
      ['text of an attribute is not in base 64', "Buffer.from(value as string).toString('base64')", 'value'],
      ['shards are of another size', 'const SHARD_BYTES = 4 * 2 ** 20;', 'const SHARD_BYTES = 5 * 2 ** 20;'],
    ],
  ),
  ...of(
    'src/export/tried.ts',
    ['tests/unit/export/graph-model.test.ts'],
    [
      ['other samples pass', 'if (wrong < 0) return;', 'return;'],
      ['the back end stays', 'await tf.setBackend(before);', ''],
    ],
  ),
  ...of(
    'src/export/torch-tensors.ts',
    ['tests/unit/export/torch-tensors.test.ts'],
    [
      ['convolutions have inputs first', '4: [3, 2, 0, 1]', '4: [2, 3, 0, 1]'],
      [
        'channels stay last in what becomes a picture',
        'for (const name of features ?? []) orders.set(name, order);',
        '',
      ],
      ['kernels are not divided by their spectral norm', 'normed.get(name) ?? values', 'values'],
      ['running variance has no name of PyTorch', "variance: 'running_var',", ''],
    ],
  ),
  ...of(
    'src/export/onnx-model.ts',
    ['tests/unit/export/onnx-model.test.ts'],
    [
      [
        'an operation that nobody knows is left out',
        'if (!found) throw refused(node.op);',
        'if (!found) return;',
      ],
    ],
  ),
  ...of(
    'src/cli/run-generator.ts',
    ['tests/cluster/evaluate.test.ts'],
    [['--step best is a file of that name', "step === 'best' ? String(bestStep(runDir)) : step", 'step']],
  ),
  ...of(
    'src/export/last-evaluation.ts',
    ['tests/unit/export/model-card.test.ts'],
    [
      ['a card tells of an evaluation after the step', 'found.step <= step ?', 'found.step >= 0 ?'],
      ['half a line ends an export', " || !line.endsWith('}')", ''],
    ],
  ),
  ...of(
    'src/export/folder.ts',
    ['tests/unit/export/folder.test.ts'],
    [
      [
        'files of somebody else are written beside',
        'there.length > 0 && !indexOf(path) && !isForced',
        'false',
      ],
      ['a run is written into', 'if (holdsRun(path))', 'if (false)'],
      ['files of an earlier export stay', '    removeExport(going);\n', ''],
      ['an index may name files elsewhere', '.filter((name) => WITHIN.test(name))', ''],
      [
        'what was there is gone where nothing could be written',
        'if (!existsSync(path) && existsSync(going)) renameSync(going, path);',
        'rmSync(path, { recursive: true, force: true });',
      ],
    ],
  ),
  ...of(
    'src/evaluation/measures/one-dimension.ts',
    ['tests/unit/evaluation/one-dimension.test.ts'],
    [['a ring has the divergence of its first mode', ' && source.modes.length === 1', '']],
  ),
  ...of(
    'src/evaluation/k-means.ts',
    ['tests/unit/reproductions/rows-beside.test.ts'],
    [
      ['a centre is the sum of its items', 'sums[i]! / count', 'sums[i]!'],
      [
        'the nearest centre is told without its norm',
        'tf.sub(tf.mul(tf.matMul(x, c, false, true), 2), norms)',
        'tf.matMul(x, c, false, true)',
      ],
    ],
  ),
  ...of(
    'src/cli/loss-correlation.ts',
    ['tests/unit/reproductions/rows-beside.test.ts'],
    [['a correlation is of values that are not centred', 'value - middle', 'value']],
  ),
  ...of(
    'src/data/stacked.ts',
    ['tests/unit/data/stacked.test.ts'],
    [
      [
        'every channel has the first digit',
        'parts[CHANNELS * indices[i]! + channel]!',
        'parts[CHANNELS * indices[i]!]!',
      ],
      [
        'the last channel counts most',
        'triple = classes.length * triple + label',
        'triple += classes.length ** channel * label',
      ],
    ],
  ),
  ...of(
    'src/data/pairs.ts',
    ['tests/unit/data/pairs.test.ts'],
    [
      ['G is given what it is to make', "direction === 'AtoB' ? [a, b]", "direction === 'BtoA' ? [a, b]"],
      ['grey is green once and red twice', '0.587 * item[3 * i + 1]!', '0.587 * item[3 * i]!'],
      ['a square is not where its pixels are', 'y - (y % factor), x - (x % factor)', 'y, x'],
      ['a hole has the whole height', 'Math.floor((height! - high) / 2)', '0'],
      ['how pairs are made does not show in the digest', 'JSON.stringify(pairs)', 'pairs.name'],
    ],
  ),
  ...of(
    'src/data/picture.ts',
    ['tests/unit/data/pairs.test.ts'],
    [['both halves are the left one', '[0, size.width].map((left)', '[0, 0].map((left)']],
  ),
  ...of(
    'src/data/sampler.ts',
    ['tests/unit/data/pairs.test.ts'],
    [
      [
        'conditions are those of the first items',
        'conditions!.read(indices, conditions)',
        'conditions!.read(indices.map((_, i) => i), conditions)',
      ],
    ],
  ),
  ...of(
    'src/data/mirrored.ts',
    ['tests/unit/data/pairs.test.ts'],
    [
      [
        'an item is mirrored and its condition is not',
        'read: mirroring(conditions.read, conditions.shape, count)',
        'read: (indices, out) => conditions.read(Array.from(indices, (i) => i % count), out)',
      ],
    ],
  ),
  ...of('src/models/pix2pix.ts', STEPS, [
    [
      'nothing is dropped in sampling',
      '(x, { seeds }) => dropout(x, 0.5, seeds)',
      '(x, { seeds, isTraining }) => (isTraining ? dropout(x, 0.5, seeds) : x)',
    ],
    [
      'a skip stands behind what it skips',
      'tf.concat([encoded[stages - 1 - i]!, applied(layer, x)], 3)',
      'tf.concat([applied(layer, x), encoded[stages - 1 - i]!], 3)',
    ],
    ['the bottleneck is normalized', 'i === 0 || i === stages - 1 ? []', 'i === 0 ? []'],
  ]),
  ...of('src/models/conditions.ts', STEPS, [
    ['D sees a pair the other way round', '[condition, x]', '[x, condition]'],
  ]),
  ...of('src/penalties/input-gradient.ts', STEPS, [
    ['a slope is of the sum over patches', 'tf.div(tf.sum(logits), patches)', 'tf.sum(logits)'],
  ]),
  ...of('src/penalties/pixel-l1.ts', PENALTIES, [
    ['the pixel distance is a sum', 'tf.mean(absolute(', 'tf.sum(absolute('],
  ]),
  ...of(
    'src/evaluation/given-pictures.ts',
    ['tests/unit/evaluation/examiner.test.ts'],
    [['every sample is of one picture', 'order[i % source.count]!', 'order[0]!']],
  ),
  ...of(
    'src/evaluation/measures/pixel-distance.ts',
    ['tests/unit/evaluation/measures/measures.test.ts'],
    [
      [
        'what is too bright makes up for what is too dark',
        'Math.abs(value - targets[i]!)',
        '(value - targets[i]!)',
      ],
    ],
  ),
  ...of(
    'src/config/pairs.ts',
    ['tests/unit/config/pairs.test.ts'],
    [
      [
        'a picture is augmented and its condition is not',
        "augmentation.name !== 'none'",
        "augmentation.name === 'ada'",
      ],
    ],
  ),
];
