// The topology: WHO runs a training. Hosts, which of them has the server and the evaluator, and the workers of each, by count
// or by device. It decides no bit of the weights, so it stands apart from the run config.
import { z } from 'zod';
import { NashError } from '../errors.js';
import { explain } from './explain.js';
import { readYaml } from './load-config.js';

/** Workers of one host that may be asked for at once, a pool. */
export const WORKERS_MAX = 1024;

/** A device as CUDA_VISIBLE_DEVICES names it: an index, or a GPU's or a MIG slice's UUID. */
const DEVICE = /^(\d{1,3}|(GPU|MIG)-[0-9A-Za-z/-]+)$/;

const isCount = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= WORKERS_MAX;
const isDevices = (value: unknown): value is (number | string)[] =>
  Array.isArray(value) && value.length <= WORKERS_MAX && value.every((device) => DEVICE.test(String(device)));

/** How many workers, or which devices: one worker each. */
export type Workers = number | readonly (number | string)[];

const workers = z
  .custom<Workers>(
    (value) => isCount(value) || isDevices(value),
    `expected a count of workers, such as 2 (at most ${WORKERS_MAX}), or a list of GPUs, one worker each, such as [0, 1]`,
  )
  .default(0);

const hostPart = z.strictObject({
  /** the parameter server runs here */
  server: z.boolean().default(false),
  /** beside the server, since its figures go into the run folder */
  evaluator: z.boolean().default(false),
  discriminator: workers,
  generator: workers,
  any: workers,
});
export type HostPart = z.infer<typeof hostPart>;

const frame = z.strictObject({
  /** where the other hosts' workers reach the server, and what it binds */
  endpoint: z
    .string()
    .regex(
      /^tcp:\/\/(\d{1,3}(\.\d{1,3}){3}|\[[0-9A-Fa-f:.]+\]):[1-9]\d{0,4}$/,
      'expected tcp://address:port with a numeric address of the server host and a fixed port, such as tcp://10.0.0.1:5555 or tcp://[fd00::1]:5555',
    )
    .optional(),
  hosts: z.record(z.string().min(1).max(120), z.unknown()),
});

export interface Topology {
  file: string;
  endpoint?: string;
  hosts: Readonly<Record<string, HostPart>>;
}

/**
 * Reads a topology.
 * @throws NashError('usage') naming file, host, key, what was found and what was expected
 */
export function loadTopology(file: string): Topology {
  const tree = readYaml(file, 'topology', 'cluster/topologies/laptop.yaml');
  const parsed = frame.safeParse(tree);
  if (!parsed.success) throw new NashError('usage', `${file}: ${explain(parsed.error, tree, frame)}`);
  const hosts = Object.fromEntries(
    Object.entries(parsed.data.hosts).map(([name, part]) => [name, parseHost(`${file}: host ${name}`, part)]),
  );
  const { endpoint } = parsed.data;
  requireWhole(file, hosts, endpoint);
  return { file, hosts, ...(endpoint ? { endpoint } : {}) };
}

function parseHost(origin: string, tree: unknown): HostPart {
  const parsed = hostPart.safeParse(tree ?? {});
  if (parsed.success) return parsed.data;
  throw new NashError('usage', `${origin}: ${explain(parsed.error, tree, hostPart)}`);
}

/** One server, the evaluator beside it, and an address for whoever is elsewhere. */
function requireWhole(file: string, hosts: Record<string, HostPart>, endpoint: string | undefined): void {
  const refuse = (message: string): never => {
    throw new NashError('usage', `${file}: ${message}`);
  };
  const servers = Object.keys(hosts).filter((name) => hosts[name]!.server);
  if (servers.length !== 1) {
    const found = servers.length === 0 ? 'no host has one' : `${servers.join(' and ')} have one`;
    refuse(`a run has one server, and ${found}; give exactly one host 'server: true'`);
  }
  for (const [name, part] of Object.entries(hosts)) {
    if (part.evaluator && !part.server)
      refuse(
        `host ${name} has the evaluator but not the server; its figures go into the server's run folder`,
      );
  }
  if (Object.keys(hosts).length > 1 && endpoint === undefined)
    refuse(
      "there are several hosts and no 'endpoint'; give the server's address, such as tcp://10.0.0.1:5555",
    );
}

/** A part by this name stands for whatever host reads the file. */
const ANY_HOST = 'localhost';

/**
 * The part of a host.
 * @param wished NASH_HOST, when it is set
 * @param hostname the machine's own name
 * @throws NashError('usage') when the topology has no such host
 */
export function partOf(
  { file, hosts }: Topology,
  { wished, hostname }: { wished?: string | undefined; hostname: string },
): { host: string; part: HostPart } {
  const names = wished === undefined ? [hostname, ANY_HOST] : [wished];
  const host = names.find((name) => Object.hasOwn(hosts, name));
  if (host !== undefined) return { host, part: hosts[host]! };
  const asked = wished === undefined ? `this host's name, ${hostname}` : `NASH_HOST=${wished}`;
  throw new NashError(
    'usage',
    `${file}: ${asked}, is none of its hosts: ${Object.keys(hosts).join(', ')}. Set NASH_HOST to the one that this machine is.`,
  );
}
