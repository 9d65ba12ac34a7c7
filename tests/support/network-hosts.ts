// Hosts out of namespaces: each has a network of its own, joined by a bridge, and a name; bandwidth limited by tc's token bucket, links
// taken down and up. Needs root and Debian's iproute2.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { NASH } from './nash.js';

const RELAY = resolve('tests/support/relay.mjs');

/** Becomes the command after it, on a host of that name. */
const NAMED = 'echo "$0" > /proc/sys/kernel/hostname && exec "$@"';

const run = (command: string, ...words: string[]) => execFileSync(command, words, { stdio: 'pipe' });

/** Why hosts cannot be made here, if they cannot. */
export function whyNoHosts(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root, to make network namespaces';
  try {
    run('ip', '-V');
    run('tc', '-V');
  } catch {
    return 'needs ip and tc (Debian: apt-get install iproute2)';
  }
  const probe = `nash-probe-${process.pid}`;
  try {
    run('ip', 'netns', 'add', probe);
    run('ip', 'netns', 'del', probe);
    return undefined;
  } catch (error) {
    return `this system makes no network namespaces: ${(error as Error).message.split('\n').join(' ')}`;
  }
}

export class Network {
  private readonly bridge = `nb${process.pid}`;
  private readonly hosts: Host[] = [];

  constructor() {
    run('ip', 'link', 'add', this.bridge, 'type', 'bridge');
    run('ip', 'link', 'set', this.bridge, 'up');
  }

  /** A host at 10.213.0.`number` and fd00:213::`number`, whose link carries so much in each direction. */
  host(number: number, mbit: number): Host {
    const host = new Host(`nash-${process.pid}-${number}`, this.bridge, number, mbit);
    this.hosts.push(host);
    return host;
  }

  close(): void {
    for (const host of this.hosts) host.close();
    run('ip', 'link', 'del', this.bridge);
  }
}

export class Host {
  readonly address: string;
  /** of IPv6 */
  readonly address6: string;
  private readonly outer: string;
  private readonly children = new Set<ChildProcess>();

  constructor(
    private readonly namespace: string,
    bridge: string,
    number: number,
    mbit: number,
  ) {
    this.address = `10.213.0.${number}`;
    this.address6 = `fd00:213::${number}`;
    this.outer = `nv${process.pid}n${number}`;
    const inside = (...words: string[]) => run('ip', 'netns', 'exec', namespace, ...words);
    const limit = ['root', 'tbf', 'rate', `${mbit}mbit`, 'burst', '64kb', 'latency', '50ms'];
    run('ip', 'netns', 'add', namespace);
    run('ip', 'link', 'add', this.outer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    run('ip', 'link', 'set', this.outer, 'master', bridge, 'up');
    inside('ip', 'link', 'set', 'lo', 'up');
    inside('ip', 'address', 'add', `${this.address}/24`, 'dev', 'eth0');
    inside('ip', 'address', 'add', `${this.address6}/64`, 'dev', 'eth0', 'nodad');
    inside('ip', 'link', 'set', 'eth0', 'up');
    inside('tc', 'qdisc', 'add', 'dev', 'eth0', ...limit);
    run('tc', 'qdisc', 'add', 'dev', this.outer, ...limit);
  }

  /** Runs nash there. */
  start(
    words: readonly string[],
    env: Record<string, string> = {},
  ): Promise<{ exitCode: number; output: string }> {
    const { child, output } = this.spawn([NASH, ...words], env);
    return new Promise((done) => {
      child.once('close', (code) => done({ exitCode: code ?? 137, output: output() }));
    });
  }

  /** A way out of here, at 127.0.0.1:`port`, that leads to another host's same port and carries bytes badly. */
  relay({ to, port, seed }: { to: Host; port: number; seed: number }): {
    endpoint: string;
    output(): string;
  } {
    const { output } = this.spawn([RELAY, `${port}`, to.address, `${port}`, `${seed}`]);
    return { endpoint: `tcp://127.0.0.1:${port}`, output };
  }

  private spawn(script: readonly string[], env: Record<string, string> = {}) {
    const named = ['unshare', '--uts', 'sh', '-c', NAMED, this.namespace];
    const child = spawn('ip', ['netns', 'exec', this.namespace, ...named, process.execPath, ...script], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.children.add(child);
    child.once('close', () => this.children.delete(child));
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        output += text;
      });
    return { child, output: () => output };
  }

  /** What a command prints there. */
  ask(...words: string[]): string {
    return run('ip', 'netns', 'exec', this.namespace, ...words).toString();
  }

  link(state: 'up' | 'down'): void {
    run('ip', 'link', 'set', this.outer, state);
  }

  close(): void {
    for (const child of this.children) child.kill('SIGKILL'); // each of `ip`, `unshare` and `sh` became the next: it is nash's own pid
    run('ip', 'netns', 'del', this.namespace);
  }
}
