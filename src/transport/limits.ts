// Bounds on what strangers make this process hold: the newest is served, and the oldest gives way.

/**
 * Who gives way, where connections are too many with the newest among them.
 * @param open all of them, oldest first
 * @returns the oldest of the newest one's address where that has too many, else the oldest of all; undefined where there is room
 */
export function whoGivesWay<C>(
  open: readonly C[],
  newest: C,
  {
    addressOf,
    ofAddress,
    inAll,
  }: { addressOf(one: C): string | undefined; ofAddress: number; inAll: number },
): C | undefined {
  const siblings = open.filter((one) => addressOf(one) === addressOf(newest));
  if (siblings.length > ofAddress) return siblings[0];
  return open.length > inAll ? open[0] : undefined;
}

/** Drops the oldest entries beyond `max`. */
export function forgetOldest(kept: Set<unknown> | Map<unknown, unknown>, max: number): void {
  for (const oldest of kept.keys()) {
    if (kept.size <= max) return;
    kept.delete(oldest);
  }
}
