import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../../src/config/load-config.js';
import { serveHttp } from '../../../../src/server/pages/http.js';
import { routesOf } from '../../../../src/server/pages/routes.js';

const routes = routesOf({
  run: () => 'ring-3fa9c1',
  metrics: async () => ({ text: 'gan_steps_total 1\n', contentType: 'text/plain' }),
  status: () => ({
    step: { discriminator: 1, generator: 1 },
    waitingFor: null,
    workers: [],
    http: '',
    endpoint: '',
  }),
  notReady: () => undefined,
});

const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

async function serve() {
  const http = await serveHttp('127.0.0.1:0', routes, ['prometheus.example']);
  open.push(http);
  return http.address;
}

/** The status and text of a page asked for with these headers. */
const ask = (address: string, headers: Record<string, string> = {}, path = '/metrics') =>
  new Promise<[number, string]>((resolve, reject) => {
    const [host, port] = address.split(':');
    const asked = request({ host, port, path, headers }, (response) => {
      let text = '';
      response.on('data', (data) => {
        text += data;
      });
      response.on('end', () => resolve([response.statusCode!, text]));
    });
    asked.on('error', reject);
    asked.end();
  });

describe('the server’s pages', () => {
  it('are given to who asks for this host by its address or a name of its own', async () => {
    const address = await serve();
    const port = address.split(':')[1];
    for (const host of ['127.0.0.1', '10.1.2.3', '[::1]', 'localhost', hostname(), 'prometheus.example'])
      expect((await ask(address, { host: `${host}:${port}` }))[0], host).toBe(200);
    expect((await ask(address, { origin: `http://${address}` }))[0]).toBe(200);
  });

  it('are given over IPv6 too', async () => {
    const http = await serveHttp('[::1]:0', routes);
    open.push(http);
    expect(http.address).toMatch(/^\[::1\]:[1-9]\d*$/);
    expect((await fetch(`http://${http.address}/metrics`)).status).toBe(200);
    const next = await serveHttp(`${http.address}+`, routes);
    open.push(next);
    expect(next.address).not.toBe(http.address);
    await expect(serveHttp(http.address, routes)).rejects.toThrow(
      `server.http ${http.address} cannot be bound`,
    );
  });

  it('are at the next free port where any will do, and refused where this one was meant', async () => {
    const first = await serve();
    const port = Number(first.split(':')[1]);
    const next = await serveHttp(`${first}+`, routes);
    open.push(next);
    expect(Number(next.address.split(':')[1])).toBeGreaterThan(port);
    expect((await ask(next.address))[0]).toBe(200);
    await expect(serveHttp(first, routes)).rejects.toThrow(/cannot be bound: .*EADDRINUSE/);
    await expect(serveHttp('192.0.2.1:9464+', routes)).rejects.toThrow(/192.0.2.1:9464 cannot be bound/);
    expect(loadConfig('configs/ring.yaml').server.http, 'what nobody set').toBe('127.0.0.1:9464+');
  });

  it('give the metrics of no other run than the one that was asked for: it may have died, and this one have its port', async () => {
    const address = await serve();
    expect((await ask(address, {}, '/metrics?run=ring-3fa9c1'))[0]).toBe(200);
    expect(await ask(address, {}, '/metrics?run=ring-000000')).toEqual([
      404,
      'the run here is ring-3fa9c1, not ring-000000\n',
    ]);
  });

  it('are kept from pages of other sites, whose names may resolve to this host', async () => {
    const address = await serve();
    const [status, text] = await ask(address, { host: 'rebound.attacker.example:9464' });
    expect([status, text]).toEqual([
      421,
      expect.stringMatching(/rebound\.attacker\.example.*server\.httpNames/),
    ]);
    for (const origin of ['http://attacker.example', 'null', 'https://127.0.0.1'])
      expect(await ask(address, { origin })).toEqual([403, expect.stringContaining(origin)]);
  });

  it('that fail answer 500 and say why, and the others are still there', async () => {
    const fail = () => {
      throw new Error('no such figure');
    };
    const http = await serveHttp('127.0.0.1:0', { ...routes, '/a': fail, '/b': async () => fail() });
    open.push(http);
    for (const path of ['/a', '/b'])
      expect(await ask(http.address, {}, path)).toEqual([500, 'this page failed: no such figure\n']);
    expect((await ask(http.address))[0]).toBe(200);
  });

  it('are not held open: silence and headers that never end are closed soon', async () => {
    const address = await serve();
    const [host, port] = address.split(':');
    const endOf = (words: string) =>
      new Promise<number>((resolve) => {
        const began = Date.now();
        const socket = connect(Number(port), host, () => void socket.write(words));
        socket.on('error', () => {}).on('data', () => {});
        socket.on('close', () => resolve(Date.now() - began));
      });
    const answered = `GET /metrics HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
    expect(await endOf(answered)).toBeLessThan(4000);
    for (const ms of await Promise.all([endOf(''), endOf('GET /metrics HTTP/1.1\r\nhost: ')]))
      expect(ms).toBeLessThan(9000); // 5 s of silence
  }, 20_000);

  it('come while 200 connections stall: half of them amid their headers, half amid their answers', async () => {
    const address = await serve();
    const [host, port] = address.split(':');
    const stalled = await Promise.all(
      Array.from(
        { length: 200 },
        (_, i) =>
          new Promise<Socket>((resolve) => {
            const socket = connect(Number(port), host, () => {
              socket.write(
                i % 2 ? 'GET /metrics HTTP/1.1\r\nhost: ' : `GET /metrics HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
              );
              socket.pause();
              resolve(socket);
            });
          }),
      ),
    );
    open.push({ close: () => stalled.forEach((socket) => void socket.destroy()) });
    expect((await ask(address))[0]).toBe(200);
    expect(stalled.filter((socket) => !socket.destroyed)).toHaveLength(200); // it waited for none of them
  });
});
