// Vitest ends its processes with SIGTERM, of which Node dies without an 'exit': what tests registered for that, such as the removal of their
// folders, is done before.
const DONE = Symbol.for('nash tests exit');
const global = globalThis as { [DONE]?: true };
if (!global[DONE]) {
  global[DONE] = true;
  process.once('SIGTERM', () => process.exit());
}
