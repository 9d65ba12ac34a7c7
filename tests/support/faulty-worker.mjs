// To be loaded in front of a real worker (`node --import`): its computing goes wrong in one way, everything else is as it is.
// FAULT=wrong: one bit of each payload is flipped. nan: the first number of each is NaN. huge: it is finite and 3e38.
// FAULT=long: what it does to get ready takes it three quarters of a minute at a stretch.
// FAULT=mute: it never says that it has what it was sent.
// FAULT=slow, late: from its 20th task on it sleeps beyond its deadline; late: and flips a bit.
// FAULT=hang, stop or kill: in its third task its loop never comes back, or its process stops or is gone; once a pool, which the files
// FAULT_ONCE-POOL remember.
import { writeFileSync } from 'node:fs';
import '../../src/setup/node-shim.mjs';

const { GradientComputer } = await import('../../dist/worker/shard-gradient.js');
const { compute } = GradientComputer.prototype;
const pool = process.argv[process.argv.indexOf('--pool') + 1];
let tasks = 0;

/** Blocks the loop, as computing does. @param {number} ms */
const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** Whether this process is the one of its pool that is to fail, and now is the time. */
function isTheOne() {
  tasks += 1;
  if (tasks !== 3) return false;
  try {
    writeFileSync(`${process.env.FAULT_ONCE}-${pool}`, '', { flag: 'wx' });
    return true;
  } catch {
    return false; // another one has failed already
  }
}

GradientComputer.prototype.compute = function (...args) {
  const answer = compute.apply(this, args);
  const bits = new Uint32Array(answer.payload.buffer, answer.payload.byteOffset, 1);
  switch (process.env.FAULT) {
    case 'wrong':
      bits[0] ^= 1;
      break;
    case 'nan':
      answer.payload[0] = Number.NaN;
      break;
    case 'huge':
      answer.payload[0] = 3e38;
      break;
    case 'slow':
      tasks += 1;
      if (tasks >= 20) sleep(1500);
      break;
    case 'late':
      tasks += 1;
      if (tasks < 20) break;
      sleep(2000);
      bits[0] ^= 1;
      break;
    case 'hang':
      if (isTheOne()) for (;;);
      break;
    case 'stop':
      if (isTheOne()) process.kill(process.pid, 'SIGSTOP');
      break;
    case 'kill':
      if (isTheOne()) process.kill(process.pid, 'SIGKILL');
      break;
    default:
  }
  return answer;
};

if (process.env.FAULT === 'long') {
  const { prepare } = GradientComputer.prototype;
  GradientComputer.prototype.prepare = function (stepKind) {
    sleep(45_000);
    return prepare.call(this, stepKind);
  };
}

if (process.env.FAULT === 'mute') {
  const { Session } = await import('../../dist/worker/session.js');
  const { send } = Session.prototype;
  Session.prototype.send = function (message, frames) {
    if (message.kind !== 'received') send.call(this, message, frames);
  };
}
