// `nash/penalties`: what a penalty is, and those that there are.
export { penaltiesOf } from './penalties.js';
export * from './penalty.js';
