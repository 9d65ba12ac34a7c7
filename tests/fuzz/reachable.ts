// What a part of a program holds in memory, counted by walking from it: objects, entries of collections, bytes of texts and buffers.
// Unlike the process's memory it is the same on every run, and it knows nothing of what is looked at.

export interface Held {
  objects: number;
  bytes: number;
}

/** @param apart objects that are not looked into */
export function reachable(root: object, apart: readonly unknown[] = []): Held {
  const seen = new Set<unknown>(apart);
  const held: Held = { objects: 0, bytes: 0 };
  const open: unknown[] = [root];
  const visit = (value: unknown) => {
    if (typeof value === 'string') held.bytes += value.length;
    else if (value !== null && typeof value === 'object' && !seen.has(value)) {
      seen.add(value);
      open.push(value);
    }
  };
  while (open.length > 0) {
    const object = open.pop() as object;
    held.objects += 1;
    if (ArrayBuffer.isView(object)) {
      held.bytes += object.byteLength;
      continue;
    }
    if (object instanceof Map) for (const entry of object) entry.forEach(visit);
    if (object instanceof Set) object.forEach(visit);
    if (object instanceof Map || object instanceof Set) held.objects += object.size;
    for (const value of Object.values(object)) visit(value);
  }
  return held;
}
