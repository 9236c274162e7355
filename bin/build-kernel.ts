// Builds lib/core/json/kernel/wasm.ts from lib/core/json/kernel/assembly: `npm run build:kernel`. With `--print`, only prints it.

import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import asc from 'assemblyscript/asc';

const ROOT = dirname(import.meta.dirname);
const SOURCE = 'lib/core/json/kernel/assembly/index.ts';
const ARTIFACT = join(ROOT, 'lib/core/json/kernel/wasm.ts');

async function build(): Promise<string> {
  let wasm: Uint8Array | undefined;
  const options =
    '-O3 --converge --noAssert --enable simd --runtime stub --initialMemory 32 --outFile kernel.wasm';
  const { error, stderr } = await asc.main([SOURCE, '--baseDir', ROOT, ...options.split(' ')], {
    writeFile: (_name: string, contents: Uint8Array | string) => {
      wasm = Buffer.from(contents);
    },
  });
  if (error !== null || wasm === undefined) throw new Error(`the kernel cannot be built: ${stderr}`);
  const base64 = Buffer.from(wasm).toString('base64');
  return `// Made by \`npm run build:kernel\` from ./assembly; committed, so that nothing has to be built to run.\n\nexport const KERNEL_WASM =\n  '${base64}';\n`;
}

const text = await build();
if (process.argv.includes('--print')) process.stdout.write(text);
else writeFileSync(ARTIFACT, text);
