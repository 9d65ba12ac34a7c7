// To be loaded in front of a real server (`node --import`): its pictures come one after another, as from a busy disk, on fast machines too.
import { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const LATE_MS = 20;
const { readFile } = promises;
let last = Promise.resolve();
promises.readFile = async (path, ...rest) => {
  if (!String(path).endsWith('.png')) return readFile(path, ...rest);
  last = last.then(() => new Promise((resolve) => setTimeout(resolve, LATE_MS)));
  await last;
  return readFile(path, ...rest);
};
syncBuiltinESMExports();
