// Which line of a run the server is on: `term` rises with every start of the server and every return to a checkpoint, so that
// answers of an abandoned line are not taken; `branch` rises when the run must not come the same way again, and enters every seed.
export interface Line {
  term: number;
  branch: number;
}

/** Returns to a checkpoint with other noise: a run that needs more of them will not be saved by chance. */
export const BRANCHES_MAX = 5;
