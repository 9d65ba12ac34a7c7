// The part of WebAssembly's JavaScript interface that Nash uses: TypeScript declares it only for browsers ("lib": "dom").
declare global {
  namespace WebAssembly {
    class Module {
      constructor(bytes: Uint8Array);
    }
    class Memory {
      constructor(descriptor: { initial: number; maximum: number; shared: true });
      /** of the present size: a buffer read before `grow` keeps its old length */
      readonly buffer: SharedArrayBuffer;
      grow(pages: number): number;
    }
    class Instance {
      constructor(module: Module, imports: Record<string, Record<string, unknown>>);
      readonly exports: Record<string, unknown>;
    }
  }
}

export {};
