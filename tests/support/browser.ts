// A real Chromium, where there is one, driven over a pipe by the DevTools protocol.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const asked = process.env.NASH_CHROMIUM;
const found = (asked ? [asked] : NAMES).find((name) => spawnSync(name, ['--version']).status === 0);

/** Why a test is skipped, or false where there is a Chromium. */
export const browserLacks: string | false =
  found === undefined && `there is no ${asked ?? NAMES.join(', ')} (NASH_CHROMIUM names another)`;

interface Answer {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

export class Browser {
  /** addresses that the page asked for */
  readonly requests: string[] = [];
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private count = 0;

  private constructor(
    private readonly child: ChildProcess,
    private readonly profile: string,
  ) {
    let text = '';
    (child.stdio[4] as Readable).setEncoding('utf8').on('data', (part: string) => {
      const messages = (text + part).split('\0');
      text = messages.pop()!;
      for (const message of messages) this.take(JSON.parse(message));
    });
  }

  /** Opens a page, loaded with its scripts. The caller closes it. */
  static async open(url: string, { width = 900, height = 960 } = {}): Promise<Browser> {
    const profile = mkdtempSync(join(tmpdir(), 'nash-browser-'));
    const child = spawn(
      found!,
      [
        ...['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--remote-debugging-pipe'],
        ...[
          `--user-data-dir=${profile}`,
          `--window-size=${width},${height}`,
          '--disable-dev-shm-usage',
          'about:blank',
        ],
      ],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
    );
    const browser = new Browser(child, profile);
    const { targetId } = await browser.call('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await browser.call('Target.attachToTarget', { targetId, flatten: true });
    browser.session = sessionId as string;
    await browser.call('Network.enable');
    await browser.call('Page.enable');
    const loaded = new Promise<void>((done) => {
      browser.onLoad = done;
    });
    await browser.call('Page.navigate', { url });
    await loaded;
    return browser;
  }

  private session: string | undefined;
  private onLoad: () => void = () => {};

  private take({ id, method, params, ...answer }: Answer): void {
    if (method === 'Network.requestWillBeSent') this.requests.push((params!.request as { url: string }).url);
    if (method === 'Page.loadEventFired') this.onLoad();
    if (id !== undefined) this.waiting.get(id)?.(answer);
  }

  private async call(method: string, params: object = {}): Promise<Record<string, unknown>> {
    this.count += 1;
    const id = this.count;
    const answer = new Promise<Answer>((done) => this.waiting.set(id, done));
    const message = { id, method, params, ...(this.session && { sessionId: this.session }) };
    (this.child.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`);
    const { result, error } = await answer;
    this.waiting.delete(id);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result!;
  }

  /** The value of an expression in the page, awaited. @throws what it throws there */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.call('Runtime.evaluate', {
      ...{ expression, awaitPromise: true, returnByValue: true },
    });
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: T }).value;
  }

  /** Waits until an expression in the page is true. */
  async until(expression: string): Promise<void> {
    const waiting = `new Promise((done) => { const look = () => (${expression}) ? done(true) : setTimeout(look, 20); look(); })`;
    await this.evaluate(waiting);
  }

  /** PNG bytes of what is seen. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.call('Page.captureScreenshot', { captureBeyondViewport: true });
    return Buffer.from(data as string, 'base64');
  }

  async close(): Promise<void> {
    const closed = new Promise((done) => this.child.once('close', done));
    this.child.kill('SIGKILL');
    await closed;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 10 });
  }
}
