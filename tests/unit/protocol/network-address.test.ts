import { expect, it } from 'vitest';
import {
  ENDPOINT,
  ENDPOINT_OR_NONE,
  HTTP_ADDRESS,
  inWords,
  networkAddressOf,
} from '../../../src/protocol/network-address.js';

it.each<[string, string, number]>([
  ['tcp://10.0.0.1:5555', '10.0.0.1', 5555],
  ['gpu-box.lan:0', 'gpu-box.lan', 0],
  ['tcp://[::1]:0', '::1', 0],
  ['[::]:9464', '::', 9464],
  ['[fe80::1%eth0]:65535', 'fe80::1%eth0', 65535],
  ['[::ffff:10.0.0.1]:1', '::ffff:10.0.0.1', 1],
])('%s is an address', (text, host, port) => {
  expect(networkAddressOf(text)).toEqual({ host, port });
  const plain = text.replace('tcp://', '');
  expect(inWords({ host, port })).toBe(plain);
  for (const http of [plain, `${plain}+`]) expect(http).toMatch(HTTP_ADDRESS);
  for (const form of [ENDPOINT, ENDPOINT_OR_NONE]) expect(`tcp://${plain}`).toMatch(form);
});

it.each([
  ...[
    '',
    'host',
    'host:',
    ':80',
    '::1:80',
    '[::1]',
    '[::1]80',
    '[host]:80',
    'a:1:2',
    'a/b:1',
    'udp://a:1',
    'a:65536',
    'a b:1',
    '[]:1',
  ],
])("'%s' is none", (text) => {
  expect(networkAddressOf(text)).toBeUndefined();
  expect(text).not.toMatch(HTTP_ADDRESS);
  expect(`tcp://${text}`).not.toMatch(ENDPOINT_OR_NONE);
});
