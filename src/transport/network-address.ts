// Addresses as people write them: `host:port`, where a host of IPv6 stands in brackets.
import { isIPv6 } from 'node:net';

/** What stands before the port: a name, an IPv4 address, or an IPv6 address in brackets, with its zone or without. */
export const HOST = String.raw`(?:\[[0-9A-Fa-f:.]+(?:%[\w.-]+)?\]|[^\s/:[\]]+)`;
const HOST_AND_PORT = new RegExp(`^(?:tcp://)?(${HOST}):(\\d{1,5})$`);

export interface NetworkAddress {
  /** without brackets */
  host: string;
  port: number;
}

/** @param text `host:port`, or the same behind `tcp://`; undefined where it is neither */
export function networkAddressOf(text: string): NetworkAddress | undefined {
  const [, host, port] = HOST_AND_PORT.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) return undefined;
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

/** `[::1]:80`, `10.0.0.1:80` */
export const inWords = ({ host, port }: NetworkAddress): string =>
  `${isIPv6(host) ? `[${host}]` : host}:${port}`;
