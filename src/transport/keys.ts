// Key pairs and the list of keys that are let in, as files: the server proves who it is by its pair, each worker by its own. A folder holds
// server.key, server.pub, worker.key, worker.pub and allowed; who has only server.pub and worker.key is a worker's host.
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { curveKeyPair } from 'zeromq';
import { makeFolder, writeWhole } from '../../src/setup/files.mjs';
import { NashError } from '../errors.js';

/** Keys are written as 64 hexadecimal digits; ZeroMQ's own notation has characters that shells take for theirs. */
export interface KeyPair {
  publicKey: string;
  secretKey: string;
}

export type KeyOwner = 'server' | 'worker';

const KEY = /^[0-9a-f]{64}$/;
const Z85 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

/** ZeroMQ's notation of a key. */
export function toZ85(key: string): string {
  const words = key.match(/.{8}/g)!.map((word) => Number.parseInt(word, 16));
  const digits = (word: number) => [4, 3, 2, 1, 0].map((power) => Z85[Math.floor(word / 85 ** power) % 85]);
  return words.flatMap(digits).join('');
}

function fromZ85(text: string): string {
  const numberOf = (word: string) => [...word].reduce((value, digit) => value * 85 + Z85.indexOf(digit), 0);
  return text
    .match(/.{5}/g)!
    .map((word) => numberOf(word).toString(16).padStart(8, '0'))
    .join('');
}

export function makePair(): KeyPair {
  const { publicKey, secretKey } = curveKeyPair();
  return { publicKey: fromZ85(publicKey), secretKey: fromZ85(secretKey) };
}

/** What Nash keeps of this user outside of runs. */
export const configFolder = (): string =>
  join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'nash');

/** Where keys lie unless a folder is named. */
export const defaultKeyFolder = (): string => join(configFolder(), 'keys');

/** A folder of keys. */
export class KeyFolder {
  private allowed = new Map<string, string>();
  private allowedStamp = '';

  constructor(readonly path: string) {}

  has(owner: KeyOwner): boolean {
    return existsSync(this.file(`${owner}.key`));
  }

  /** Makes a pair where there is none. @returns whether it did */
  make(owner: KeyOwner): boolean {
    if (this.has(owner)) return false;
    this.write(owner, makePair());
    return true;
  }

  /** Makes it the folder of a worker with this pair, which knows its server by this key. */
  lay(worker: KeyPair, serverKey: string): void {
    this.write('worker', worker);
    writeWhole(this.file('server.pub'), `${serverKey}\n`, 0o644);
  }

  write(owner: KeyOwner, { publicKey, secretKey }: KeyPair): void {
    makeFolder(this.path, 0o700);
    writeWhole(this.file(`${owner}.key`), `${publicKey} ${secretKey}\n`, 0o600);
    writeWhole(this.file(`${owner}.pub`), `${publicKey}\n`, 0o644);
  }

  /** What a worker needs. @throws NashError('usage') where something is missing or damaged */
  workerKeys(): WorkerKeys {
    return { pair: this.pair('worker'), serverKey: this.serverKey() };
  }

  /** @throws NashError('usage') where it is missing, damaged, or open to other users */
  pair(owner: KeyOwner): KeyPair {
    const file = this.file(`${owner}.key`);
    const text = this.read(`${owner}.key`, `\`nash keys make --keys ${this.path}\` makes one`);
    if (statSync(file).mode & 0o077)
      throw new NashError('usage', `${file} can be read by other users; \`chmod 600 ${file}\` mends it`);
    const [publicKey = '', secretKey = ''] = text.trim().split(' ');
    if (KEY.test(publicKey) && KEY.test(secretKey)) return { publicKey, secretKey };
    throw new NashError('usage', `${file} is no key pair: expected two keys of 64 hexadecimal digits`);
  }

  /** The server's public key, as its host gave it away. @throws NashError('usage') where it is missing or damaged */
  serverKey(): string {
    const hint = "copy it from the server's host, or `nash keys trust KEY`";
    return requireKey(this.read('server.pub', hint).trim(), this.file('server.pub'));
  }

  /** Notes the key by which a worker knows its server. */
  trust(key: string): void {
    if (this.has('server')) {
      const message = `${this.path} holds a server's own key pair; \`--keys DIR\` names a folder for a worker`;
      throw new NashError('usage', message);
    }
    makeFolder(this.path, 0o700);
    writeWhole(this.file('server.pub'), `${requireKey(key, 'the key')}\n`, 0o644);
  }

  /** Lets a worker's key in, from now on. */
  allow(key: string, name: string): void {
    requireKey(key, 'the key');
    makeFolder(this.path, 0o700);
    if (!this.allowedKeys().has(key))
      appendFileSync(this.file('allowed'), `${key} ${name}\n`, { mode: 0o600 });
  }

  /**
   * Who is let in, by key: read again whenever the file changes, so that a key can be taken back while a run goes on.
   * @throws NashError('usage') naming the first line that is no key
   */
  allowedKeys(): ReadonlyMap<string, string> {
    const file = this.file('allowed');
    const stat = statSync(file, { throwIfNoEntry: false });
    const stamp = stat ? `${stat.ino} ${stat.mtimeMs} ${stat.size}` : 'none';
    if (stamp === this.allowedStamp) return this.allowed;
    const lines = stat ? readFileSync(file, 'utf8').split('\n') : [];
    const entries = lines.flatMap((line, i): [string, string][] => {
      const [key = '', ...name] = line.trim().split(/\s+/);
      if (key === '' || key.startsWith('#')) return [];
      return [[requireKey(key, `${file}, line ${i + 1}`), name.join(' ')]];
    });
    this.allowed = new Map(entries);
    this.allowedStamp = stamp;
    return this.allowed;
  }

  private file(name: string): string {
    return join(this.path, name);
  }

  private read(name: string, hint: string): string {
    try {
      return readFileSync(this.file(name), 'utf8');
    } catch (cause) {
      throw new NashError('usage', `${this.file(name)} cannot be read: there is no such key here; ${hint}`, {
        cause,
      });
    }
  }
}

function requireKey(key: string, where: string): string {
  if (KEY.test(key)) return key;
  throw new NashError('usage', `${where}: '${key.slice(0, 80)}' is no key; expected 64 hexadecimal digits`);
}

/** What a server needs to prove itself and to judge others. */
export interface ServerKeys {
  pair: KeyPair;
  /** the name under which a key is let in */
  nameOf(key: string): string | undefined;
}

/** What a worker proves itself with, and by which it knows its server. */
export interface WorkerKeys {
  pair: KeyPair;
  serverKey: string;
}

/** `none`: no keys whatever there is; undefined: those of the default folder, if there are any. */
export function serverKeysOf(folder: string | undefined): ServerKeys | undefined {
  const keys = chosen(folder, 'server');
  if (!keys) return undefined;
  keys.allowedKeys(); // a damaged list is said at once
  return { pair: keys.pair('server'), nameOf: (key) => keys.allowedKeys().get(key) };
}

export const workerKeysOf = (folder: string | undefined): WorkerKeys | undefined =>
  chosen(folder, 'worker')?.workerKeys();

function chosen(folder: string | undefined, owner: KeyOwner): KeyFolder | undefined {
  if (folder === 'none') return undefined;
  if (folder !== undefined) return new KeyFolder(folder);
  const byDefault = new KeyFolder(defaultKeyFolder());
  return byDefault.has(owner) ? byDefault : undefined;
}
