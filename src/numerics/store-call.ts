// A vector's way into a file, called as the kernels are: by number, on whichever thread has the vector's memory.
import type { writeSync } from 'node:fs';

export interface StoreCall {
  /**
   * Writes `length` floats, `offset` bytes from the memory's beginning, at `position` of an open file, whose descriptor all threads share.
   * @returns 0 in any case: that nothing could be written spoils no number, and stands in `trouble`
   */
  store(offset: number, length: number, file: number, position: number): number;
  /** what went wrong first, until somebody has heard of it */
  trouble: string | undefined;
}

/** The threads get this function as text: it uses nothing but its arguments. */
export function storeCall(memory: WebAssembly.Memory, write: typeof writeSync): StoreCall {
  const calls: StoreCall = {
    trouble: undefined,
    store(offset, length, file, position) {
      const count = 4 * length;
      if (offset + count > memory.buffer.byteLength) memory.grow(0); // another thread made it larger: look again
      const bytes = new Uint8Array(memory.buffer, offset, count);
      try {
        for (let done = 0; done < count; ) done += write(file, bytes, done, count - done, position + done);
      } catch (error) {
        calls.trouble ??= error instanceof Error ? error.message : String(error);
      }
      return 0;
    },
  };
  return calls;
}
