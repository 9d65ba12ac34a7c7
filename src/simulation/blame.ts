// Claims about those who are sent away: only who deserves it, and who makes a run go back is found.
import { LIARS_IDENTITY, type Slot } from './liars.js';

/** Returns over answers that differ, in one life of a server, beside one for each worker that was sent away. */
const RETURNS_MAX = 3;

export class Blame {
  /** names of workers that may be sent away */
  private readonly guilty = new Set<string>();
  /** liars are others than the honest, and fewer: each honest worker must stay */
  private readonly isHonestMajority: boolean;
  private returns = 0;
  private quarantines = 0;

  constructor(
    slots: readonly Slot[],
    private readonly broken: (claim: string) => void,
  ) {
    const identitiesOf = (isLiar: boolean) =>
      new Set(slots.filter((slot) => slot.isLiar === isLiar).map((slot) => slot.identity));
    const [liars, honest] = [identitiesOf(true), identitiesOf(false)];
    const areApart = liars.size === 0 || liars.has(LIARS_IDENTITY);
    this.isHonestMajority = areApart && honest.size > liars.size;
  }

  /** What a coordinator remembers of disputes is gone with it. */
  serverStarts(): void {
    this.returns = 0;
    this.quarantines = 0;
  }

  /** A worker lies, or has given something that is not finite. */
  deserves(name: string): void {
    this.guilty.add(name);
  }

  quarantined(name: string): void {
    this.quarantines += 1;
    if (this.isHonestMajority && !this.guilty.has(name)) this.broken(`${name} is honest, and was sent away`);
  }

  /** The run goes back over answers that differ. */
  returned(): void {
    this.returns += 1;
    if (this.returns > RETURNS_MAX + this.quarantines)
      this.broken(
        `${this.returns} returns over answers that differ, and ${this.quarantines} workers were sent away`,
      );
  }
}
