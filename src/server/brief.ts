// Numbers for people.

/** `0.930`, `12.500`, and `1.2e30` rather than thirty digits. */
export function brief(value: number): string {
  const isOrdinary = !Number.isFinite(value) || Math.abs(value) < 1e5;
  return isOrdinary ? value.toFixed(3) : value.toExponential(1).replace('.0e', 'e').replace('e+', 'e');
}
