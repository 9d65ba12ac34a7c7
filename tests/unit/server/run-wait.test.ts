import { expect, it } from 'vitest';
import { RunWait, type Standing } from '../../../src/server/run-wait.js';

const standing = (over: Partial<Standing>): Standing => ({
  waitingFor: 'workers for the generator',
  standsMs: 0,
  lacksWorkers: true,
  preparingCount: 0,
  ...over,
});

function waitOf(connectTimeoutMs?: number) {
  const lines: string[] = [];
  const logged: unknown[] = [];
  const wait = new RunWait({
    log: (event, fields) => logged.push([event, fields]),
    onWaiting: (line) => lines.push(line),
    hint: 'start one',
    connectTimeoutMs,
  });
  return { wait, lines, logged };
}

it('a person is told what is waited for, and how a worker is started where none is there or gets ready', () => {
  const { wait, lines, logged } = waitOf();
  wait.note(standing({ standsMs: 4999 }), 0);
  expect(lines).toEqual([]);
  wait.note(standing({ standsMs: 5000 }), 0);
  wait.note(standing({ standsMs: 11_000, preparingCount: 2 }), 0);
  wait.note(
    standing({ standsMs: 17_000, waitingFor: 'step 3 D: shard 0 with d-0 for 9.0 s', lacksWorkers: false }),
    0,
  );
  wait.note(standing({ waitingFor: null }), 0);
  expect(lines).toEqual([
    'waiting for workers for the generator: start one (5 s so far)',
    'waiting for workers for the generator: 2 getting ready (11 s so far)',
    'waiting for step 3 D: shard 0 with d-0 for 9.0 s (17 s so far)',
    'no longer waiting, after 17 s',
  ]);
  expect(logged[0]).toEqual(['waiting', { for: 'workers for the generator', seconds: 5 }]);
});

it('a run whose workers do not come in time is given up: counted while a net has none, and nobody gets ready', () => {
  const { wait } = waitOf(10_000);
  wait.note(standing({}), 0);
  wait.note(standing({ preparingCount: 1 }), 9000);
  wait.note(standing({}), 20_000);
  wait.note(standing({ lacksWorkers: false }), 29_000);
  wait.note(standing({ waitingFor: null }), 40_000);
  wait.note(standing({}), 50_000);
  wait.note(standing({}), 59_999);
  expect(() => wait.note(standing({}), 60_000)).toThrow(
    expect.objectContaining({ message: 'no worker came for 10 s: start one', fault: 'environment' }),
  );
  const forEver = waitOf().wait;
  forEver.note(standing({}), 0);
  forEver.note(standing({}), 1e9);
});
