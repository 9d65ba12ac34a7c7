// Addresses as people write them: `host:port`, where a host of IPv6 stands in brackets.

const HOST = String.raw`(?:\[[0-9A-Fa-f:.]+(?:%[\w.-]+)?\]|[^\s/:[\]]+)`;
const PORT = String.raw`(?:\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5])`;

/** `tcp://host:port` */
export const ENDPOINT = new RegExp(`^tcp://${HOST}:${PORT}$`);
/** The same, or `none`. */
export const ENDPOINT_OR_NONE = new RegExp(`^(?:tcp://${HOST}:${PORT}|none)$`);
/** `host:port`; with a plus the first free one from there on */
export const HTTP_ADDRESS = new RegExp(`^${HOST}:${PORT}\\+?$`);
const ADDRESS = new RegExp(`^(?:tcp://)?(${HOST}):(${PORT})$`);

export interface NetworkAddress {
  /** a name, or an address without brackets */
  host: string;
  port: number;
}

/** @param text `host:port`, or the same behind `tcp://`; undefined where it is neither */
export function networkAddressOf(text: string): NetworkAddress | undefined {
  const [, host, port] = ADDRESS.exec(text) ?? [];
  return host === undefined ? undefined : { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

/** `[::1]:80`, `10.0.0.1:80` */
export const inWords = ({ host, port }: NetworkAddress): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;
