// To be loaded in front of a real worker (`node --import`): its computing goes wrong in one way, everything else is as it is.
// FAULT=wrong: one bit of each payload is flipped; nan: its first number is NaN; hang: its loop never comes back from the third task,
// once for each file HANG_ONCE.
import { existsSync, writeFileSync } from 'node:fs';
import '../../src/setup/node-shim.mjs';

const { GradientComputer } = await import('../../dist/worker/shard-gradient.js');
const { compute } = GradientComputer.prototype;
let tasks = 0;

GradientComputer.prototype.compute = function (...args) {
  const answer = compute.apply(this, args);
  tasks += 1;
  const bits = new Uint32Array(answer.payload.buffer, answer.payload.byteOffset, 1);
  switch (process.env.FAULT) {
    case 'wrong':
      bits[0] ^= 1;
      break;
    case 'nan':
      answer.payload[0] = Number.NaN;
      break;
    case 'hang':
      if (tasks < 3 || existsSync(process.env.HANG_ONCE)) break;
      writeFileSync(process.env.HANG_ONCE, '');
      for (;;);
    default:
  }
  return answer;
};
