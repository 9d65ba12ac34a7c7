// Two users on one host: what the other one tries with a server's Unix socket, before, during and after its life.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Admission } from '../../../src/transport/admission.js';
import { PrivateFolder } from '../../../src/transport/private-folder.js';
import { reach } from '../../../src/transport/reach.js';
import { bindServer } from '../../../src/transport/router.js';
import { asNobody, binding, joining, NOBODY, trying, whyNoOtherUser } from '../../support/other-user.js';

const folder = mkdtempSync(join(tmpdir(), 'nash-users-'));
chmodSync(folder, 0o777); // whatever stands above: the private folder alone must do
afterAll(() => rmSync(folder, { recursive: true }));

/** Connects to a path and says how that went. */
const connecting = (path: string) =>
  `require('net').connect(${JSON.stringify(path)}).on('error', (e) => console.log(e.code)).on('connect', () => { console.log('connected'); process.exit(); });`;
async function serve(name: string) {
  const inner = PrivateFolder.make(join(folder, name));
  new Admission(undefined).leaveIn(inner);
  const server = await bindServer();
  await server.open(inner);
  const refused: string[] = [];
  server.onRefused((reason) => refused.push(reason));
  const close = async () => {
    await server.close();
    inner.close();
  };
  return { inner, socket: join(inner.path, 'socket'), close, refused };
}

describe.skipIf(whyNoOtherUser() !== undefined)('another user (needs root, to be him)', () => {
  it('reaches neither socket nor keys, by their names or by the server’s open files', async () => {
    const { inner, socket, close } = await serve('entered');
    const open = inner.endpoint.slice('ipc://'.length).replace('self', String(process.pid));
    expect(await asNobody(connecting(socket))).toBe('EACCES');
    expect(await asNobody(connecting(open))).toBe('EACCES');
    expect(await asNobody(trying(`readFileSync(${JSON.stringify(join(inner.path, 'worker.key'))})`))).toBe(
      'EACCES',
    );
    await close();
  });

  it('is turned away by name where somebody opened the folder to him', async () => {
    const { inner, socket, close, refused } = await serve('opened');
    chmodSync(inner.path, 0o755);
    chmodSync(socket, 0o777);
    expect(await asNobody(connecting(socket))).toBe('connected');
    expect(await asNobody(joining(`ipc://${socket}`))).toBe('handshake:error:auth');
    await vi.waitFor(() => expect(refused).toContain('key'));
    await close();
  });

  it('binds nothing in the place of a server that is gone', async () => {
    const { socket, close } = await serve('gone');
    await close();
    expect(await asNobody(binding(socket))).toBe('EACCES');
    expect(
      await asNobody(
        trying(
          `renameSync(${JSON.stringify(join(folder, 'gone'))}, ${JSON.stringify(join(folder, 'moved'))})`,
        ),
      ),
    ).toBe('done undefined');
    // the folder above lets him move it away and lay his own there: a worker looks whose it is
    mkdirSync(join(folder, 'gone'), 0o700);
    chownSync(join(folder, 'gone'), NOBODY, NOBODY);
    expect(() => reach({ endpoint: `ipc://${socket}` }, undefined)).toThrow(/user 65534's/);
  });
});

describe('a worker', () => {
  const place = (name: string) => ({ endpoint: `ipc://${join(folder, name, 'socket')}` });

  it('takes no folder that others may enter, no link to one, and waits where there is none', () => {
    mkdirSync(join(folder, 'loose'), 0o700);
    chmodSync(join(folder, 'loose'), 0o710);
    expect(() => reach(place('loose'), undefined)).toThrow(/others may enter it \(mode 710\).*chmod 700/);
    symlinkSync(join(folder, 'loose'), join(folder, 'link'));
    expect(() => reach(place('link'), undefined)).toThrow(/ENOTDIR|ELOOP/);
    expect(reach(place('missing'), undefined)).toMatch(/^a server at ipc:/);
  });
});
