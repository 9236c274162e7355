// States to keep: the odd ones that JSON.parse would change, and ordinary ones that change a little at a time.

import type { Random } from './random.ts';

export interface OddState {
  name: string;
  /** What is sent, and what must come back: the same without insignificant white space, written out by hand. */
  sent: string;
  text: string;
}

const DEPTH = 500;
const LONG = `${'long "text" \\ '.repeat(8000)}`;

const same = (name: string, text: string): OddState => ({ name, sent: text, text });

export const ODD_STATES: readonly OddState[] = [
  same('duplicate members', '{"a":1,"a":2,"b":{"c":[],"c":{},"c":[]},"a":1}'),
  same('__proto__', '{"__proto__":{"x":1},"a":{"__proto__":null},"__proto__":[2]}'),
  same('constructor', '{"constructor":{"prototype":{"x":1}},"toString":2,"hasOwnProperty":null,"length":0}'),
  same('names that look like paths', '{"users[1]":{"id":1},"users":[{"id":0},{"id":1}],"users[0]":[]}'),
  same('names with dots', '{"a.b":1,"a":{"b":2,"":3},"[\\"a.b\\"]":4,".":5,"..":6,"$":7}'),
  same('empty names', '{"":{"":[""]},"a":{"":1}}'),
  same('numbers past the doubles', '[1e400,-1e400,1E+400,1e-400,123456789012345678901234567890,0.1e-7,1e2]'),
  same('whole numbers past 2^53', '{"a":9007199254740993,"b":9007199254740992,"c":-9007199254740993}'),
  same('zeros', '[-0,0,-0.0,0.0,0e0,-0E-0,1.0,1.00,1,10e-1]'),
  same('a number alone', '9007199254740993'),
  same('minus zero alone', '-0'),
  same('an infinite number alone', '1e400'),
  same('lone surrogates', '{"\\ud800":"\\udc00","a":"\\ud83d\\ude00\\ud83d","\\uDFFF":["\\uD800"]}'),
  same(
    'escaped names',
    '{"\\u0061":1,"a":2,"\\u0062\\/c":3,"b/c":4,"\\"q\\"\\\\":5,"~0~1":6,"\\u005f_proto__":7}',
  ),
  same('members out of order', '{"b":1,"a":2,"10":3,"9":4,"1":5,"-1":6,"01":7}'),
  same('the same members in another order', '{"1":5,"9":4,"10":3,"01":7,"-1":6,"a":2,"b":1}'),
  same('arrays in arrays', `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`),
  same('objects in objects', `${'{"a":'.repeat(DEPTH - 1)}{}${'}'.repeat(DEPTH - 1)}`),
  same('a long string', `{"text":${JSON.stringify(LONG)},"tail":1}`),
  same('a long string with one change', `{"text":${JSON.stringify(LONG.replace('long', 'lone'))},"tail":1}`),
  same(
    'Unicode as it is',
    '{"é":"é","e\u0301":"e\u0301","😀":"👩‍👩‍👧‍👦","\u202e":"\u2028\u2029\u00a0\ufeff","\ufffd":"\ufffd\uffff\u0080"}',
  ),
  same(
    'control characters, escaped',
    '"\\u0000\\u001f\\u007f\\b\\f\\n\\r\\t\\/\\"\\\\\\u00e9\\u00E9\\ud83d\\ude00"',
  ),
  same(
    'one id many times',
    '[{"id":1,"v":1},{"id":1,"v":2},{"id":"1"},{"id":1.0},{"id":null},{"id":1,"v":1}]',
  ),
  same(
    'a state that looks like a delta',
    '{"changes":[{"key":"a","oldValue":1,"newValue":2}],"additions":[],"deletions":[],"moves":[]}',
  ),
  same('a state that looks like an answer', '{"operation":{"id":"x"},"data":"[REDACTED]","status":500}'),
  same('nothing', 'null'),
  same('an empty text', '""'),
  same('an empty object', '{}'),
  same('an empty array', '[]'),
  {
    name: 'white space of every kind',
    sent: '\t{ "a" :\r\n[ 1 ,\t2 ,\n3 ] , "b  c" : " keep\\n this " , "e" : { } , "f" : [ \n ] , "g" : -0 }\r\n ',
    text: '{"a":[1,2,3],"b  c":" keep\\n this ","e":{},"f":[],"g":-0}',
  },
  {
    name: 'the same with other white space',
    sent: '{"a":[1, 2, 3],   "b  c":" keep\\n this ","e":{\n},"f":[],"g":\t-0}',
    text: '{"a":[1,2,3],"b  c":" keep\\n this ","e":{},"f":[],"g":-0}',
  },
];

const PIECES = [
  '1e400',
  '-0',
  '9007199254740993',
  '{"__proto__":1,"a":1,"a":2}',
  '["\\u0061","a","\\ud800"]',
  '{"a.b":{"":[]},"users[1]":1.0}',
];

/** States that change a little from one to the next; now and then one that has nothing to do with those before. */
export function createStates(random: Random): () => string {
  const row = (id: number): string =>
    `{"id":${id},"name":"user ${random.int(1000)}","big":${9007199254740993n + BigInt(random.int(9))},"note":"${'x'.repeat(random.int(40))}\\ud800"}`;
  let rows = Array.from({ length: 30 }, (_, id) => row(id));
  let nextId = rows.length;
  const change = (): void => {
    const at = random.int(rows.length);
    const what = random.int(12);
    if (what < 2) rows.splice(at, 0, row(nextId++));
    else if (what < 4 && rows.length > 5) rows.splice(at, 1);
    else if (what === 4) rows.push(...rows.splice(at, 1));
    else if (what === 5) rows.splice(at, 0, rows[random.int(rows.length)]!);
    else if (what === 6) rows.reverse();
    else if (what === 7 && random.chance(0.2)) rows = rows.map((_, id) => row(id));
    else rows[at] = row(at);
  };
  return () => {
    if (random.chance(0.08)) return random.pick(ODD_STATES).text;
    for (let changes = 1 + random.int(3); changes > 0; changes--) change();
    const odd = random.pick(PIECES);
    return `{"tables":{"users":[${rows.join(',')}]},"odd":${odd},"users[1]":${random.int(5)}}`;
  };
}
