// Somebody connects over TCP at the very moment at which the server begins to listen to what peers say.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { connectWorker } from '../../../src/transport/dealer.js';
import { PrivateFolder } from '../../../src/transport/private-folder.js';
import { bindServer } from '../../../src/transport/router.js';

it('who comes as the server begins to listen is heard, and ends nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nash-early-'));
  const errors: unknown[] = [];
  const note = (error: unknown) => errors.push(error);
  process.on('unhandledRejection', note);
  try {
    for (let turns = 0; turns < 20; turns++) {
      const server = await bindServer({ endpoint: 'tcp://127.0.0.1:0' });
      const inner = PrivateFolder.make(join(folder, String(turns)));
      await server.open(inner);
      const endpoint = server.endpoint!;
      const peers = Array.from({ length: 4 }, () =>
        connectWorker({ endpoint, name: endpoint, close: () => {} }),
      );
      for (const peer of peers) peer.send([Buffer.from('hello')]);
      for (let turn = 0; turn < turns; turn++) await new Promise((done) => setImmediate(done));
      const heard = new Set<string>();
      await new Promise<void>((done) =>
        server.onMessage(({ peer }) => {
          if (heard.add(peer).size === peers.length) done();
        }),
      );
      for (const peer of peers) await peer.close();
      await server.close();
      inner.close();
    }
  } finally {
    process.off('unhandledRejection', note);
    rmSync(folder, { recursive: true });
  }
  expect(errors).toEqual([]);
});
