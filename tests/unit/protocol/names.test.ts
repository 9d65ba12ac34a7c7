// Goal: no name of a peer can move the cursor or turn the direction of a line, in a log or on a terminal.
import { describe, expect, it } from 'vitest';
import { table } from '../../../src/cli/status-table.js';
import { PROTOCOL_VERSION, workerMessage } from '../../../src/protocol/messages.js';
import { runStatus } from '../../../src/server/pages/run-status.js';

const helloOf = (name: string, host = 'h') => ({
  kind: 'hello',
  protocol: PROTOCOL_VERSION,
  role: 'worker',
  pool: 'any',
  name,
  pid: 1,
  host,
});
const isTaken = (name: string) =>
  workerMessage.safeParse(helloOf(name)).success && workerMessage.safeParse(helloOf('w', name)).success;
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const UNSEEN = [
  ...range(0, 0x1f), // C0
  ...range(0x7f, 0x9f), // C1
  0x61c, // Arabic letter mark
  ...range(0x200b, 0x200f), // of no width; left-to-right and right-to-left marks
  ...range(0x2028, 0x202e), // line and paragraph ends; embeddings and overrides
  ...range(0x2060, 0x2064),
  ...range(0x2066, 0x2069), // isolates
  0xfeff,
].map((code) => String.fromCodePoint(code));

describe('a name', () => {
  it.each(['generator-0', 'Größe 7', '名前', 'NVIDIA H100 80GB HBM3, driver 570.1'])(
    '%s is taken',
    (name) => {
      expect(isTaken(name)).toBe(true);
    },
  );

  it('with a character that is not seen is refused, wherever it stands', () => {
    for (const unseen of UNSEEN)
      for (const name of [unseen, `${unseen}a`, `a${unseen}b`, `a${unseen}`])
        expect(isTaken(name), JSON.stringify(name)).toBe(false);
    expect(isTaken('a\ud800')).toBe(false); // half a character
  });

  it('that a server let through is shown without such characters', () => {
    const bad = `a${UNSEEN.join('')}b`;
    const worker = { id: bad, pool: bad, state: 'idle', host: bad, device: bad, step: 1 } as const;
    const status = {
      step: { discriminator: 1, generator: 1 },
      waitingFor: bad,
      workers: [worker],
      endpoint: '',
    };
    const shown = table(runStatus.parse({ ...status, http: bad }));
    expect(shown.split('\n')).toHaveLength(4);
    for (const unseen of UNSEEN) if (unseen !== '\n') expect(shown).not.toContain(unseen);
    expect(shown).toContain('waiting for ab');
  });
});
