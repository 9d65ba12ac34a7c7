// To be loaded in front of a real server (`node --import`): what it writes of checkpoints reaches the disk late, as on a busy one.
import { open } from 'node:fs/promises';

const LATE_MS = 200;
const file = await open('/dev/null', 'w');
const prototype = Object.getPrototypeOf(file);
await file.close();
const { write } = prototype;
prototype.write = async function (...args) {
  await new Promise((resolve) => setTimeout(resolve, LATE_MS));
  return write.apply(this, args);
};
