// An oracle for the delta engine: ordered trees that keep every name and scalar as it is written, a parser and a printer
// for them, and what a served delta means, spelled out as plainly as possible. Shares no code with the engine.

export interface Scalar {
  kind: 'scalar';
  raw: string;
}
export interface ArrayTree {
  kind: 'array';
  items: Tree[];
}
export interface ObjectTree {
  kind: 'object';
  members: Member[];
}
export interface Member {
  /** With its quotes, as written. */
  name: string;
  value: Tree;
}
export type Tree = Scalar | ArrayTree | ObjectTree;

export function parseTree(text: string): Tree {
  let p = 0;
  const token = (): string => {
    const match = /"(?:[^"\\]|\\.)*"|[^,\]}:]+/y;
    match.lastIndex = p;
    const found = match.exec(text);
    if (found === null) throw new Error(`no token at ${p}`);
    p += found[0].length;
    return found[0];
  };
  const value = (): Tree => {
    if (text[p] === '[') {
      const items: Tree[] = [];
      p++;
      while (text[p] !== ']') {
        if (items.length > 0) p++;
        items.push(value());
      }
      p++;
      return { kind: 'array', items };
    }
    if (text[p] === '{') {
      const members: Member[] = [];
      p++;
      while (text[p] !== '}') {
        if (members.length > 0) p++;
        const name = token();
        p++;
        members.push({ name, value: value() });
      }
      p++;
      return { kind: 'object', members };
    }
    return { kind: 'scalar', raw: token() };
  };
  const tree = value();
  if (p !== text.length) throw new Error(`rest at ${p}`);
  return tree;
}

export function printTree(tree: Tree): string {
  if (tree.kind === 'scalar') return tree.raw;
  if (tree.kind === 'array') return `[${tree.items.map(printTree).join()}]`;
  return `{${tree.members.map(({ name, value }) => `${name}:${printTree(value)}`).join()}}`;
}

/** A step of a path: an element's number, or a member's name with its quotes. */
type Step = number | string;

export function parsePath(path: string): Step[] {
  const steps: Step[] = [];
  let rest = path;
  while (rest !== '') {
    const plain = /^([A-Za-z_$][A-Za-z0-9_$]*)/.exec(steps.length === 0 ? rest : rest.replace(/^\./, ''));
    const index = /^\[(\d+)\]/.exec(rest);
    const quoted = /^\[("(?:[^"\\]|\\.)*")\]/.exec(rest);
    const dot = steps.length > 0 && rest.startsWith('.') ? 1 : 0;
    if (plain !== null && (dot === 1 || steps.length === 0)) {
      steps.push(`"${plain[1]}"`);
      rest = rest.slice(plain[0].length + dot);
    } else if (index !== null) {
      steps.push(Number(index[1]));
      rest = rest.slice(index[0].length);
    } else if (quoted !== null) {
      if (/^"[A-Za-z_$][A-Za-z0-9_$]*"$/.test(quoted[1]!)) throw new Error(`needless quotes in ${path}`);
      steps.push(quoted[1]!);
      rest = rest.slice(quoted[0].length);
    } else {
      throw new Error(`not a path: ${path}`);
    }
  }
  return steps;
}

/** What is to be done to one container of the base. */
interface Edits {
  gone: Set<number>;
  /** By number in the target. */
  placed: Map<number, Tree | Member>;
  /** Additions without a number, behind all others. */
  appended: Member[];
  /** Children that go on living elsewhere in the container: number in the base by number in the target. */
  moved: Map<number, number>;
}

/** Applies a served delta to a base. Throws if it says anything that cannot be, or is done twice. */
export function applyServed(baseText: string, deltaText: string): string {
  const base = parseTree(baseText);
  const replaced = new Map<Tree, Tree>();
  const edits = new Map<Tree, Edits>();
  const editsOf = (tree: Tree): Edits => {
    const known = edits.get(tree);
    if (known) return known;
    const fresh: Edits = { gone: new Set(), placed: new Map(), appended: [], moved: new Map() };
    edits.set(tree, fresh);
    return fresh;
  };
  const childNumber = (tree: Tree, step: Step): number => {
    if (tree.kind === 'array' && typeof step === 'number' && step < tree.items.length) return step;
    if (tree.kind === 'object' && typeof step === 'string') {
      const found = tree.members.filter(({ name }) => name === step);
      if (found.length === 1) return tree.members.indexOf(found[0]!);
    }
    throw new Error(`no step ${step} in ${printTree(tree)}`);
  };
  const child = (tree: Tree, k: number): Tree =>
    tree.kind === 'array' ? tree.items[k]! : (tree as ObjectTree).members[k]!.value;
  const find = (steps: Step[]): Tree =>
    steps.reduce<Tree>((tree, step) => child(tree, childNumber(tree, step)), base);
  const once = (fresh: boolean): void => {
    if (!fresh) throw new Error('done twice');
  };

  const delta = parseTree(deltaText);
  const list = (name: string): Record<string, Tree>[] => {
    const tree = (delta as ObjectTree).members.find((member) => member.name === `"${name}"`)?.value;
    if (tree === undefined) return [];
    return (tree as ArrayTree).items.map((item) =>
      Object.fromEntries(
        (item as ObjectTree).members.map(({ name: key, value }) => [key.slice(1, -1), value]),
      ),
    );
  };
  const string = (tree: Tree | undefined): string => JSON.parse((tree as Scalar).raw);
  const optionalNumber = (tree: Tree | undefined): number | undefined =>
    tree ? Number((tree as Scalar).raw) : undefined;
  const expect = (what: string, tree: Tree, value: Tree | undefined): void => {
    if (printTree(tree) !== printTree(value!)) throw new Error(`${what} is not what it was`);
  };

  for (const { key, oldValue, newValue } of list('changes')) {
    const tree = find(parsePath(string(key)));
    expect(string(key), tree, oldValue);
    once(!replaced.has(tree));
    replaced.set(tree, newValue!);
  }
  for (const { key, value } of list('deletions')) {
    const steps = parsePath(string(key));
    const parent = find(steps.slice(0, -1));
    const k = childNumber(parent, steps.at(-1)!);
    expect(string(key), child(parent, k), value);
    once(!editsOf(parent).gone.has(k));
    editsOf(parent).gone.add(k);
  }
  for (const { key, value, index } of list('additions')) {
    const steps = parsePath(string(key));
    const parent = find(steps.slice(0, -1));
    const last = steps.at(-1)!;
    const { placed, appended } = editsOf(parent);
    if (parent.kind === 'array') {
      once(!placed.has(last as number));
      placed.set(last as number, value!);
    } else {
      const member: Member = { name: last as string, value: value! };
      const at = optionalNumber(index);
      if (at === undefined) appended.push(member);
      else {
        once(!placed.has(at));
        placed.set(at, member);
      }
    }
  }
  for (const { from, to, index, count } of list('moves')) {
    const source = parsePath(string(from));
    const goal = parsePath(string(to));
    const parent = find(source.slice(0, -1));
    const first = childNumber(parent, source.at(-1)!);
    const around = find(goal.slice(0, -1));
    if (around !== parent || (parent.kind === 'object' && source.at(-1) !== goal.at(-1))) {
      once(count === undefined && !editsOf(parent).gone.has(first));
      editsOf(parent).gone.add(first);
      const value = child(parent, first);
      const at = around.kind === 'array' ? (goal.at(-1) as number) : optionalNumber(index)!;
      once(!editsOf(around).placed.has(at));
      editsOf(around).placed.set(
        at,
        around.kind === 'array' ? value : { name: goal.at(-1) as string, value },
      );
      continue;
    }
    const target = parent.kind === 'array' ? (goal.at(-1) as number) : optionalNumber(index)!;
    for (let k = 0; k < (optionalNumber(count) ?? 1); k++) {
      once(!editsOf(parent).moved.has(target + k));
      editsOf(parent).moved.set(target + k, first + k);
    }
  }

  let used = 0;
  const build = (tree: Tree): Tree => {
    const whole = replaced.get(tree);
    if (whole) {
      used++;
      return whole;
    }
    if (tree.kind === 'scalar') return tree;
    const children: (Tree | Member)[] =
      tree.kind === 'array'
        ? tree.items.map(build)
        : tree.members.map(({ name, value }) => ({ name, value: build(value) }));
    const edit = edits.get(tree);
    if (edit) used++;
    const result = edit ? rearrange(children, edit) : children;
    return tree.kind === 'array'
      ? { kind: 'array', items: result as Tree[] }
      : { kind: 'object', members: result as Member[] };
  };
  const result = printTree(build(base));
  if (used !== replaced.size + edits.size) throw new Error('something is done inside what is replaced whole');
  return result;
}

function rearrange(children: (Tree | Member)[], { gone, placed, appended, moved }: Edits): (Tree | Member)[] {
  const size = children.length - gone.size + placed.size + appended.length;
  const slots = new Array<Tree | Member | undefined>(size).fill(undefined);
  const put = (at: number, what: Tree | Member): void => {
    if (at >= size || slots[at] !== undefined) throw new Error(`no free place ${at}`);
    slots[at] = what;
  };
  for (const [k, member] of appended.entries()) put(size - appended.length + k, member);
  for (const [at, what] of placed) put(at, what);
  const lifted = new Set(moved.values());
  for (const [at, from] of moved) {
    if (gone.has(from)) throw new Error('moved and deleted');
    put(at, children[from]!);
  }
  const staying = children.filter((_, k) => !gone.has(k) && !lifted.has(k));
  for (let at = 0; at < size; at++) if (slots[at] === undefined) slots[at] = staying.shift()!;
  if (staying.length > 0 || slots.includes(undefined)) throw new Error('the numbers do not add up');
  return slots as (Tree | Member)[];
}
