// What a build is made of, as a bill of materials (CycloneDX 1.6): the packages whose code is in the bundles, and no others.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Package {
  name: string;
  version: string;
  license?: string;
}

/** `inputs`: the files that were bundled, from the project's root, as esbuild's metafiles name them. */
export function billOfMaterials(root: string, inputs: Iterable<string>): string {
  const folders = new Set([...inputs].flatMap((file) => folderOf(file) ?? []));
  const packages = [...folders].map((folder) => readPackage(root, folder));
  const own = readPackage(root, '.');
  const components = new Map(
    packages.map((one) => [`${one.name}@${one.version}`, componentOf(one, 'library')]),
  );
  const sorted = [...components].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, component]) => component);
  const bill = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: componentOf(own, 'application') },
    components: sorted,
  };
  return `${JSON.stringify(bill, undefined, 2)}\n`;
}

/** The folder of the package that a file is of; undefined for our own. */
function folderOf(file: string): string | undefined {
  const at = file.lastIndexOf('node_modules/');
  if (at < 0) return undefined;
  const [scope = '', name = ''] = file.slice(at + 'node_modules/'.length).split('/');
  return `${file.slice(0, at)}node_modules/${scope.startsWith('@') ? `${scope}/${name}` : scope}`;
}

function readPackage(root: string, folder: string): Package {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Package;
}

function componentOf({ name, version, license }: Package, type: 'library' | 'application') {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return {
    type,
    'bom-ref': purl,
    name,
    version,
    purl,
    ...(license === undefined ? {} : { licenses: [{ license: { id: license } }] }),
  };
}
