// The little of WebAssembly's JavaScript interface that the kernel needs; the library of types has it only for browsers.

declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    readonly exports: Record<string, unknown>;
    constructor(module: Module, imports: Record<string, Record<string, unknown>>);
  }
  interface Memory {
    readonly buffer: ArrayBuffer;
  }
}
