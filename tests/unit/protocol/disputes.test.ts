// Who is blamed when answers differ from those that were believed. A worker is named by its identity and a number.
import { describe, expect, it } from 'vitest';
import { type Dispute, Disputes, RETURNS_MAX } from '../../../src/protocol/disputes.js';

const vote = (worker: string, digest: string) => ({ worker, identity: worker.slice(0, 1), digest });
const node = (step: number, level = 0, index = 0) => ({ net: 'generator' as const, step, level, index });
const dispute = (step: number, taken: string, late: string): Dispute => ({
  task: node(step),
  taken: vote(taken, `${step} by ${taken}`),
  late: vote(late, `${step} by ${late}`),
});
const setOf = (identities: string) => new Set(identities);

describe('a step that is done again', () => {
  it('shows which of two lied, the first or the late one, where two identities agree on it', () => {
    for (const [right, liar] of [
      ['A1', 'X1'],
      ['X1', 'A1'],
    ]) {
      const disputes = new Disputes();
      expect(disputes.take(dispute(7, 'A1', 'X1'), setOf('ABX'), 0)).toMatchObject({
        blamed: [],
        isRestoring: true,
      });
      const digest = `7 by ${right}`;
      expect(disputes.settled(node(7), [vote('B1', digest), vote('C1', digest)])).toEqual([liar]);
      expect(disputes.settled(node(7), [vote('B1', digest), vote('C1', digest)])).toEqual([]); // said once
    }
  });

  it('shows it where the liar now gives what it denied', () => {
    const disputes = new Disputes();
    disputes.take(dispute(7, 'A1', 'X1'), setOf('AX'), 0);
    expect(disputes.settled(node(7), [vote('X1', '7 by A1'), vote('A1', '7 by A1')])).toEqual(['X1']);
  });

  it('shows nothing by another node or step, by bits that neither gave, or by those who prove nothing', () => {
    const disputes = new Disputes();
    disputes.take(dispute(7, 'A1', 'X1'), setOf('ABX'), 0);
    const agreed = (digest: string, ...workers: string[]) => workers.map((worker) => vote(worker, digest));
    expect(disputes.settled(node(7, 1, 0), agreed('7 by A1', 'B1', 'C1'))).toEqual([]);
    expect(disputes.settled(node(7, 0, 1), agreed('7 by A1', 'B1', 'C1'))).toEqual([]);
    expect(disputes.settled(node(8), agreed('7 by A1', 'B1', 'C1'))).toEqual([]);
    expect(disputes.settled(node(7), agreed('another basis', 'B1', 'C1'))).toEqual([]);
    expect(disputes.settled(node(7), agreed('7 by A1', 'A1', 'A2'))).toEqual([]); // one identity against another
    expect(disputes.settled(node(7), agreed('7 by A1', 'A1', 'A1'))).toEqual([]); // itself
    expect(disputes.settled(node(7), [])).toEqual([]); // one answer was enough
    expect(disputes.settled(node(7), agreed('7 by A1', 'A1', 'B1'))).toEqual(['X1']);
  });

  it('is cut into the nodes of the answers that differed, however many workers there are by then', () => {
    const disputes = new Disputes();
    expect(disputes.levelOf(node(7))).toBeUndefined();
    disputes.take({ ...dispute(7, 'A1', 'X1'), task: node(7, 2, 1) }, setOf('AX'), 0);
    expect(disputes.levelOf(node(7))).toBe(2);
    expect(disputes.levelOf({ net: 'discriminator', step: 7 })).toBeUndefined();
  });
});

describe('disputes without proof', () => {
  it('blame the identity that all of them have in common, with each of its workers that had a part', () => {
    const disputes = new Disputes();
    disputes.take(dispute(1, 'A1', 'X1'), setOf('ABX'), 0);
    expect(disputes.take(dispute(2, 'B1', 'X2'), setOf('ABX'), 0)).toMatchObject({
      blamed: ['X1', 'X2'],
      because: expect.stringContaining('step 2 of the generator'),
      isRestoring: true,
    });
  });

  it('blame it as the one whose answers were taken, too', () => {
    const disputes = new Disputes();
    disputes.take(dispute(1, 'X1', 'A1'), setOf('ABX'), 0);
    expect(disputes.take(dispute(2, 'X1', 'B1'), setOf('ABX'), 0).blamed).toEqual(['X1']);
  });

  it('do not let two sessions of one identity blame a third party', () => {
    const disputes = new Disputes();
    disputes.take(dispute(1, 'X1', 'H1'), setOf('HX'), 0);
    expect(disputes.take(dispute(2, 'X2', 'H1'), setOf('HX'), 0).blamed).toEqual([]);
  });

  it('do not let a minority of identities blame anybody', () => {
    const disputes = new Disputes();
    disputes.take(dispute(1, 'X1', 'H1'), setOf('HABXY'), 0);
    expect(disputes.take(dispute(2, 'Y1', 'H1'), setOf('HABXY'), 0).blamed).toEqual([]);
  });

  it('within one identity blame the worker in common', () => {
    const disputes = new Disputes();
    disputes.take(dispute(1, 'A1', 'A2'), setOf('A'), 0);
    expect(disputes.take(dispute(2, 'A3', 'A1'), setOf('A'), 0).blamed).toEqual(['A1']);
  });

  it('among always the same two go back three times; then the one that comes late is blamed, and the run goes on', () => {
    const disputes = new Disputes();
    for (let step = 0; step < RETURNS_MAX; step++)
      expect(disputes.take(dispute(step, 'A1', 'X1'), setOf('AX'), 0)).toMatchObject({
        blamed: [],
        isRestoring: true,
      });
    expect(disputes.take(dispute(9, 'A1', 'X1'), setOf('AX'), 0)).toMatchObject({
      blamed: ['X1'],
      because: expect.stringContaining('4 times'),
      isRestoring: false,
    });
    expect(disputes.take(dispute(10, 'A1', 'B1'), setOf('AB'), 0)).toMatchObject({
      blamed: [],
      isRestoring: true,
    }); // forgotten
  });

  it('blame rather the one whose answers were not given again, and go back where they were believed', () => {
    for (const [taken, late, isRestoring] of [
      ['X1', 'A1', true],
      ['A1', 'X1', false],
    ] as const) {
      const disputes = new Disputes();
      for (let step = 0; step < RETURNS_MAX; step++) {
        disputes.take(dispute(step, taken, late), setOf('AX'), 0);
        disputes.settled(node(step), [vote('A1', `${step} by A1`), vote('A1', `${step} by A1`)]); // alone: no proof
      }
      expect(disputes.take(dispute(9, taken, late), setOf('AX'), 0)).toMatchObject({
        blamed: ['X1'],
        isRestoring,
      });
    }
  });

  it('of many sessions of one identity are those of one that comes again and again', () => {
    const disputes = new Disputes();
    for (let step = 0; step < RETURNS_MAX; step++)
      disputes.take(dispute(step, 'A1', `X${step}`), setOf('AX'), 0);
    expect(disputes.take(dispute(9, 'A1', 'X9'), setOf('AX'), 0)).toMatchObject({
      blamed: ['X9'],
      isRestoring: false,
    });
  });

  it('are forgotten after an hour: another day has its own', () => {
    const disputes = new Disputes();
    for (let i = 0; i < 10; i++)
      expect(disputes.take(dispute(i, 'A1', 'X1'), setOf('AX'), i * 1_200_000)).toMatchObject({
        isRestoring: true,
      });
  });
});
