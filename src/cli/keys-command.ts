// `nash keys`: who may join a run from other hosts. The server has a pair of keys, every worker's host one, and a list says who is let in.
import { Command } from 'commander';
import { EXIT, NashError } from '../errors.js';
import { defaultKeyFolder, KeyFolder } from '../transport/keys.js';
import type { CommandMaker } from './main.js';

const NAME = /^[\w.@-]{1,128}$/;
const folderOf = ({ keys }: { keys?: string }) => new KeyFolder(keys ?? defaultKeyFolder());
const say = (line: string) => process.stdout.write(`${line}\n`);

export const keysCommand: CommandMaker = (finish) => {
  const sub = (name: string) =>
    new Command(name).option('--keys <dir>', 'folder of keys (default: ~/.config/nash/keys)');
  const make = sub('make')
    .description('make the key pairs that are missing; on a host of workers only: --worker')
    .option('--worker', 'a pair for workers, none for a server')
    .action((args: { keys?: string; worker?: boolean }) => {
      const folder = folderOf(args);
      folder.make('worker');
      if (!args.worker) {
        folder.make('server');
        folder.allow(folder.pair('worker').publicKey, 'made-with-the-server');
      }
      list(folder);
      finish(EXIT.done);
    });
  const listing = sub('list')
    .description('the public keys that there are, and those that are let in')
    .action((args: { keys?: string }) => {
      list(folderOf(args));
      finish(EXIT.done);
    });
  const allow = sub('allow')
    .description("let a worker's key in; a running server takes it at once")
    .argument('<key>', 'what `nash keys make --worker` printed on its host')
    .argument('<name>', 'what to call it')
    .action((key: string, name: string, args: { keys?: string }) => {
      if (!NAME.test(name))
        throw new NashError('usage', `'${name}' is no name: expected letters, digits and . _ @ -`);
      folderOf(args).allow(key, name);
      say(`${name} is let in; delete its line in ${folderOf(args).path}/allowed to take that back`);
      finish(EXIT.done);
    });
  const trust = sub('trust')
    .description("note the server's key on a host of workers")
    .argument('<key>', 'what `nash keys list` prints on the host of the server')
    .action((key: string, args: { keys?: string }) => {
      folderOf(args).trust(key);
      say('workers of this host go to the server with that key');
      finish(EXIT.done);
    });
  const command = new Command('keys')
    .description('keys for runs on several hosts: make, list, allow, trust')
    .addHelpText(
      'after',
      '\nExample:\n  npx nash keys make                     # where the server runs\n' +
        '  npx nash keys make --worker            # on another host\n' +
        '  npx nash keys allow KEY gpu-box        # where the server runs: the key of the other host\n' +
        '  npx nash keys trust KEY                # on the other host: the key of the server',
    );
  for (const each of [make, listing, allow, trust]) command.addCommand(each);
  return command;
};

function list(folder: KeyFolder): void {
  say(`keys in ${folder.path}`);
  for (const owner of ['server', 'worker'] as const)
    say(`${owner.padEnd(8)} ${folder.has(owner) ? folder.pair(owner).publicKey : 'none'}`);
  for (const [key, name] of folder.allowedKeys()) say(`allowed  ${key} ${name}`);
}
