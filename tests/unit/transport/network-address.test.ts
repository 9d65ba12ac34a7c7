import { expect, it } from 'vitest';
import { inWords, networkAddressOf } from '../../../src/transport/network-address.js';

it.each<[string, string, number]>([
  ['tcp://10.0.0.1:5555', '10.0.0.1', 5555],
  ['gpu-box.lan:0', 'gpu-box.lan', 0],
  ['tcp://[::1]:0', '::1', 0],
  ['[::]:9464', '::', 9464],
  ['[fe80::1%eth0]:65535', 'fe80::1%eth0', 65535],
  ['[::ffff:10.0.0.1]:1', '::ffff:10.0.0.1', 1],
])('%s is an address', (text, host, port) => {
  expect(networkAddressOf(text)).toEqual({ host, port });
  expect(inWords({ host, port })).toBe(text.replace('tcp://', ''));
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
});
