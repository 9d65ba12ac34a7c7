// `nash/losses`: what a loss is, and those that there are.
export * from './loss.js';
export { lossOf } from './losses.js';
export type { OwnLoss } from './own-loss.js';
