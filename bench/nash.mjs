// The one seam between the bench, which is plain JavaScript, and Nash as it is built: typed by the sources, run from dist.
// Modules are loaded when they are asked for, so that a server's process does not load TensorFlow.

/** @param {string} path below dist */
const load = (path) => import(new URL(`../dist/${path}.js`, import.meta.url).href);

export const nash = {
  /** @returns {Promise<typeof import('../src/compiler/compile.js')>} */
  compiler: () => load('compiler/compile'),
  /** @returns {Promise<typeof import('../src/compiler/tensorflow.js')>} */
  tensorflow: () => load('compiler/tensorflow'),
  /** @returns {Promise<typeof import('../src/config/run-config.js')>} */
  config: () => load('config/run-config'),
  /** @returns {Promise<typeof import('../src/config/decisive.js')>} */
  decisive: () => load('config/decisive'),
  /** @returns {Promise<typeof import('../src/data/picture.js')>} */
  picture: () => load('data/picture'),
  /** @returns {Promise<typeof import('../src/data/pictures.js')>} */
  pictures: () => load('data/pictures'),
  /** @returns {Promise<typeof import('../src/numerics/vector-calls.js')>} */
  vectorCalls: () => load('numerics/vector-calls'),
  /** @returns {Promise<typeof import('../src/numerics/vector-engine.js')>} */
  vectors: () => load('numerics/vector-engine'),
  /** @returns {Promise<typeof import('../src/optimizers/optimizer.js')>} */
  optimizers: () => load('optimizers/optimizer'),
  /** @returns {Promise<typeof import('../src/optimizers/options.js')>} */
  optimizerOptions: () => load('optimizers/options'),
  /** @returns {Promise<typeof import('../src/parameters/initial.js')>} */
  parameters: () => load('parameters/initial'),
  /** @returns {Promise<typeof import('../src/parameters/layout.js')>} */
  layout: () => load('parameters/layout'),
  /** @returns {Promise<typeof import('../src/protocol/messages.js')>} */
  messages: () => load('protocol/messages'),
  /** @returns {Promise<typeof import('../src/server/training/answer-intake.js')>} */
  answerIntake: () => load('server/training/answer-intake'),
  /** @returns {Promise<typeof import('../src/server/peers/local-peers.js')>} */
  localPeers: () => load('server/peers/local-peers'),
  /** @returns {Promise<typeof import('../src/server/training/parameter-store.js')>} */
  store: () => load('server/training/parameter-store'),
  /** @returns {Promise<typeof import('../src/server/peers/weights-sender.js')>} */
  weightsSender: () => load('server/peers/weights-sender'),
  /** @returns {Promise<typeof import('../src/steps/steps.js')>} */
  steps: () => load('steps/steps'),
  /** @returns {Promise<typeof import('../src/transport/dealer.js')>} */
  dealer: () => load('transport/dealer'),
  /** @returns {Promise<typeof import('../src/transport/private-folder.js')>} */
  privateFolder: () => load('transport/private-folder'),
  /** @returns {Promise<typeof import('../src/transport/router.js')>} */
  router: () => load('transport/router'),
  /** @returns {Promise<typeof import('../src/wire/blocks.js')>} */
  blocks: () => load('wire/blocks'),
  /** @returns {Promise<typeof import('../src/wire/codec.js')>} */
  codec: () => load('wire/codec'),
  /** @returns {Promise<typeof import('../src/worker/answer-sender.js')>} */
  answerSender: () => load('worker/answer-sender'),
  /** @returns {Promise<typeof import('../src/worker/session.js')>} */
  session: () => load('worker/session'),
  /** @returns {Promise<typeof import('../src/worker/weights-cache.js')>} */
  weightsCache: () => load('worker/weights-cache'),
};
