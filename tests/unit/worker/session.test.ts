import { expect, it } from 'vitest';
import { encode } from '../../../src/wire/codec.js';
import { Session } from '../../../src/worker/session.js';
import { MemoryWorkerTransport } from '../../fuzz/memory-transport.js';

const STOP = encode({ kind: 'stop', comesBack: false, message: 'the run is done' });

function begin() {
  const transport = new MemoryWorkerTransport();
  const prepare = () => Promise.reject(new Error('nobody welcomes this worker'));
  const session = new Session(transport, {
    role: 'worker',
    pool: 'any',
    name: 'worker',
    prepare,
    receive: () => {},
  });
  const farewell = session.run();
  transport.connected();
  return { transport, farewell };
}

it('a stop that is read after the news that the connection has ended still ends the worker', async () => {
  const { transport, farewell } = begin();
  transport.disconnected();
  transport.deliver(STOP);
  expect(await farewell).toBe('over');
});

it('a connection that ends without a stop means that the server is away, and nothing is said to whoever answers next', async () => {
  const { transport, farewell } = begin();
  transport.disconnected();
  transport.connected();
  transport.deliver(encode({ kind: 'ping', sentMs: 1 }));
  transport.deliver(encode({ kind: 'welcome', term: 1, branch: 0, config: {}, configHash: '0'.repeat(64) }));
  expect(await farewell).toBe('server-away');
  expect(transport.sent).toHaveLength(1);
});
