// The extragradient method (Gidel et al. 2019, algorithms 2 and 4): both nets look a step ahead, and then take the step from where they were
// with the gradients of where they would have been. Two updates are one: the first extrapolates, the second begins from the weights before
// it. The optimizer's own state goes on through both.

/** Whether update `update`, counted from 1, is the one that looks ahead. */
export const isExtrapolation = (isExtragradient: boolean | undefined, update: number): boolean =>
  isExtragradient === true && update % 2 === 1;
