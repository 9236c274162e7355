// Finds what a module does that does not follow from what it is given.

import { parseSync } from '@swc/core';

/** What may be used of node's own modules. Of the others nothing may. */
const NODE: Readonly<Record<string, readonly string[] | 'all'>> = {
  'node:buffer': 'all',
  'node:util': 'all',
  'node:zlib': 'all',
  'node:crypto': [
    'createCipheriv',
    'createDecipheriv',
    'createHash',
    'createHmac',
    'createSecretKey',
    'hkdfSync',
    'timingSafeEqual',
  ],
};

const GLOBALS: ReadonlySet<string> = new Set([
  ...['process', 'performance', 'globalThis', 'global', 'crypto', 'fetch', 'require', 'eval', 'Function'],
  ...[
    'setTimeout',
    'clearTimeout',
    'setInterval',
    'setImmediate',
    'queueMicrotask',
    'Atomics',
    'SharedArrayBuffer',
  ],
]);
/** Global objects of which everything may be used but this, by name. */
const MEMBERS: Readonly<Record<string, (member: string) => boolean>> = {
  Date: (member) => member === 'UTC' || member === 'parse',
  Math: (member) => member !== 'random',
};
/** Methods that change what they are called on. */
const CHANGING: ReadonlySet<string> = new Set([
  ...['push', 'pop', 'shift', 'unshift', 'splice', 'sort', 'reverse', 'fill', 'copyWithin'],
  ...['set', 'add', 'delete', 'clear', 'write'],
]);

interface Node {
  type: string;
  [member: string]: unknown;
}

/** All of them by name, sorted, each once. */
export function impuritiesOf(source: string): string[] {
  const { body } = parseSync(source, { syntax: 'typescript', target: 'es2024' }) as unknown as {
    body: Node[];
  };
  const found = new Set<string>();
  const ofModule = new Map<string, Node>();
  for (const item of body) noteModule(item, found, ofModule);
  for (const item of body) look(item, { found, ofModule, isInside: false, locals: new Set() });
  return [...found].sort();
}

/** What a module imports and what it keeps. */
function noteModule(item: Node, found: Set<string>, ofModule: Map<string, Node>): void {
  const from = (item.source as { value: string } | null | undefined)?.value;
  if (from?.startsWith('node:') && item.typeOnly !== true) noteImport(from, item, found);
  const declaration = item.type === 'ExportDeclaration' ? (item.declaration as Node) : item;
  if (declaration.type !== 'VariableDeclaration') return;
  for (const { id, init } of declaration.declarations as { id: Node; init?: Node }[]) {
    const name = String(id.value);
    if (declaration.kind !== 'const') found.add(`state ${name}`);
    if (init === undefined || isFixed(id, init)) continue;
    ofModule.set(name, init);
    if (init.type === 'NewExpression' && isMemory(init) && !isFilledAtOnce(init)) found.add(`state ${name}`);
  }
}

function noteImport(from: string, item: Node, found: Set<string>): void {
  const allowed = NODE[from];
  if (allowed === 'all') return;
  if (allowed === undefined) {
    found.add(from);
    return;
  }
  for (const one of item.specifiers as Node[]) {
    if (one.isTypeOnly === true) continue;
    const of = (one.imported ?? one.orig ?? one.local) as Node | undefined;
    const name =
      one.type === 'ImportNamespaceSpecifier' || one.type === 'ExportNamespaceSpecifier'
        ? '*'
        : one.type === 'ImportDefaultSpecifier'
          ? 'default'
          : String(of?.value);
    if (!allowed.includes(name)) found.add(`${from} ${name}`);
  }
}

/** What the compiler lets nobody change. */
function isFixed(id: Node, init: Node): boolean {
  if (init.type === 'TsConstAssertion') return true;
  const annotation = (id.typeAnnotation as Node | undefined)?.typeAnnotation as Node | undefined;
  if (annotation?.type === 'TsTypeOperator') return annotation.op === 'readonly';
  return /^Readonly/.test(String((annotation?.typeName as Node | undefined)?.value));
}

function isMemory({ callee }: Node): boolean {
  return /^(Map|Set|WeakMap|WeakSet|WeakRef|Array|ArrayBuffer|\w+Array)$/.test(
    String((callee as Node).value),
  );
}

/** A set or a map of what stands there, or nothing at all. */
function isFilledAtOnce({ arguments: args }: Node): boolean {
  const [first] = (args ?? []) as { expression: Node }[];
  return first?.expression.type === 'ArrayExpression' || first?.expression.value === 0;
}

interface Looking {
  found: Set<string>;
  ofModule: Map<string, Node>;
  /** Of a function: what is done there is done after the module has been loaded. */
  isInside: boolean;
  /** Names that mean something of the function's own. */
  locals: ReadonlySet<string>;
}

const FUNCTION =
  /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression|ClassMethod|PrivateMethod|MethodProperty|Constructor|GetterProperty|SetterProperty)$/;
/** Says nothing of what is done, or names what is made here. */
const SILENT: ReadonlySet<string> = new Set(['span', 'typeAnnotation', 'returnType', 'label', 'identifier']);
const computed = (key: unknown): unknown => ((key as Node).type === 'Computed' ? key : undefined);

/** What of a node is looked at, where that is not all of it. */
const PARTS: Readonly<Record<string, (node: Node) => unknown>> = {
  ImportDeclaration: () => undefined,
  ExportNamedDeclaration: () => undefined,
  ExportAllDeclaration: () => undefined,
  TsAsExpression: ({ expression }) => expression,
  TsSatisfiesExpression: ({ expression }) => expression,
  TsNonNullExpression: ({ expression }) => expression,
  TsConstAssertion: ({ expression }) => expression,
  TsTypeAssertion: ({ expression }) => expression,
  TsInstantiation: ({ expression }) => expression,
  ClassProperty: ({ key, value }) => [computed(key), value],
  KeyValueProperty: ({ key, value }) => [computed(key), value],
  KeyValuePatternProperty: ({ key, value }) => [computed(key), value],
  AssignmentPatternProperty: ({ value }) => value,
};

/** What a node does by itself. Gives whether its parts are looked at too. */
const LOOKS: Readonly<Record<string, (node: Node, looking: Looking) => boolean>> = {
  Identifier(node, looking) {
    lookAtName(String(node.value), looking);
    return false;
  },
  MetaProperty(_node, { found }) {
    found.add('import.meta');
    return false;
  },
  MemberExpression(node, looking) {
    lookAtMember(node, looking);
    return false;
  },
  CallExpression(node, looking) {
    lookAtCall(node, looking);
    return true;
  },
  NewExpression({ callee, arguments: args }, looking) {
    const isDate = (callee as Node).type === 'Identifier' && (callee as Node).value === 'Date';
    if (!isDate) return true;
    if (((args as unknown[] | null) ?? []).length === 0) looking.found.add('new Date()');
    look(args, looking);
    return false;
  },
  AssignmentExpression(node, looking) {
    lookAtChange(node.left as Node, looking);
    return true;
  },
  UpdateExpression(node, looking) {
    lookAtChange(node.argument as Node, looking);
    return true;
  },
  UnaryExpression(node, looking) {
    if (node.operator === 'delete') lookAtChange(node.argument as Node, looking);
    return true;
  },
  ClassProperty({ isStatic, readonly, key }, { found }) {
    if (isStatic === true && readonly !== true) found.add(`state ${String((key as Node).value)}`);
    return true;
  },
};

function look(value: unknown, looking: Looking): void {
  if (Array.isArray(value)) for (const one of value) look(one, looking);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  const node = value as Node;
  const type = node.type ?? '';
  if (LOOKS[type]?.(node, looking) === false) return;
  if (PARTS[type] !== undefined) {
    look(PARTS[type](node), looking);
    return;
  }
  if (type.startsWith('Ts')) return;
  const inner = FUNCTION.test(type)
    ? { ...looking, isInside: true, locals: new Set([...looking.locals, ...namesIn(node)]) }
    : looking;
  for (const [member, child] of Object.entries(node)) {
    if (SILENT.has(member)) continue;
    look(member === 'key' ? computed(child) : child, inner);
  }
}

/** Whatever a function declares, in whichever block of it. */
function namesIn(node: Node): string[] {
  const names: string[] = [];
  const declare = (pattern: unknown): void => {
    if (Array.isArray(pattern)) for (const one of pattern) declare(one);
    if (typeof pattern !== 'object' || pattern === null) return;
    const { type, value, elements, properties, key, left, argument, pat, param } = pattern as Node;
    if (type === 'Identifier') names.push(String(value));
    else if (type === 'AssignmentPatternProperty') declare(key);
    else for (const part of [elements, properties, value, left, argument, pat, param]) declare(part);
  };
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) walk(one);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    const one = value as Node;
    if (one.type === 'VariableDeclarator') declare(one.id);
    else if (one.type === 'FunctionDeclaration') declare(one.identifier);
    else if (one.type === 'CatchClause') declare(one.param);
    // What an inner function declares is its own.
    if (one !== node && FUNCTION.test(one.type ?? '')) return;
    for (const child of Object.values(one)) walk(child);
  };
  declare(node.params);
  walk(node);
  return names;
}

function lookAtName(name: string, { found, locals }: Looking): void {
  if (locals.has(name)) return;
  if (GLOBALS.has(name) || Object.hasOwn(MEMBERS, name)) found.add(name);
}

function lookAtMember({ object, property }: Node, looking: Looking): void {
  const [of, member] = [object as Node, property as Node];
  const may = of.type === 'Identifier' ? MEMBERS[String(of.value)] : undefined;
  if (may === undefined) look(of, looking);
  else if (member.type === 'Computed') looking.found.add(`${String(of.value)}[]`);
  else if (!may(String(member.value))) looking.found.add(`${String(of.value)}.${String(member.value)}`);
  if (member.type === 'Computed') look(member.expression, looking);
}

function lookAtCall(node: Node, looking: Looking): void {
  const callee = node.callee as Node;
  if (callee.type === 'Import') looking.found.add('import()');
  if (callee.type === 'MemberExpression' && CHANGING.has(String((callee.property as Node).value))) {
    lookAtChange(callee.object as Node, looking);
  }
  for (const { expression } of node.arguments as { expression: Node }[]) {
    const name = String(expression.value);
    if (expression.type !== 'Identifier' || looking.locals.has(name) || !looking.isInside) continue;
    const { type } = looking.ofModule.get(name) ?? {};
    if (type === 'ObjectExpression' || type === 'ArrayExpression') looking.found.add(`state ${name}`);
  }
}

/** Something is put into the value that begins with a name of the module. */
function lookAtChange(place: Node, { found, ofModule, isInside, locals }: Looking): void {
  let root = place;
  while (
    root.type === 'MemberExpression' ||
    root.type === 'TsNonNullExpression' ||
    root.type === 'ParenthesisExpression'
  )
    root = (root.object ?? root.expression) as Node;
  const name = String(root.value);
  if (root.type !== 'Identifier' || locals.has(name) || !ofModule.has(name) || !isInside) return;
  found.add(`state ${name}`);
}
