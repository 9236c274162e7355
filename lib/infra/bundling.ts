// How a function is bundled: for the stack, and for whoever measures a bundle without one.

/** In the words of esbuild. */
export const BUNDLING = {
  format: 'esm',
  target: 'node24',
  minify: true,
  mainFields: ['module', 'main'],
  // The SDK has dependencies in CommonJS that call `require` for Node's own modules.
  banner: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
} as const;
