// Images fall into groups: classes, or bins.

/** How many images each group has. @param groups the group of each image */
export function countsOf(groups: Iterable<number>, groupCount: number): number[] {
  const counts = new Array<number>(groupCount).fill(0);
  for (const group of groups) counts[group]! += 1;
  return counts;
}
