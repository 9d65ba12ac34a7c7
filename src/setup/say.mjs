// What set-up says while it works: whole lines always, a line that is rewritten only on a terminal.

/**
 * @typedef {object} Voice
 * @property {(line: string) => void} say one line
 * @property {(line: string) => void} progress a line that the next one replaces; off a terminal at most one in five seconds
 */

const quietMs = 5000;

/**
 * @param {{ stream?: NodeJS.WriteStream, quiet?: boolean, now?: () => number }} [given]
 * @returns {Voice}
 */
export function voice({ stream = process.stderr, quiet = false, now = Date.now } = {}) {
  let open = false; // a progress line stands on the terminal
  let last = now();
  const clear = () => {
    if (open) stream.write('\r\x1b[2K');
    open = false;
  };
  return {
    say(line) {
      if (quiet) return;
      clear();
      stream.write(`${line}\n`);
    },
    progress(line) {
      if (quiet) return;
      if (stream.isTTY) {
        clear();
        stream.write(line.slice(0, (stream.columns ?? 80) - 1));
        open = true;
      } else if (now() - last >= quietMs) {
        last = now();
        stream.write(`${line}\n`);
      }
    },
  };
}

/** @param {number} bytes */
export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
