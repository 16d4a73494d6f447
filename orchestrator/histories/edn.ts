// The part of EDN (Clojure's notation) that a line of a history has: one map of keywords, numbers, texts, nil, true and false,
// and vectors of these.

export type Edn = null | boolean | number | string | { readonly keyword: string } | readonly Edn[];

/** problem: what is wrong, and at which character, from 1. */
export type EdnMap = ReadonlyMap<string, Edn> | { readonly problem: string };

const SPACE = /[\s,]*/y;
const TEXT = /"((?:[^"\\]|\\.)*)"/y;
const ATOM = /:[^\s,"[\]{}()]+|[^\s,":[\]{}()]+/y;
const ESCAPES: { readonly [letter: string]: string } = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\', b: '\b', f: '\f' };
const MAX_DEPTH = 8;

class Problem extends Error {}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  map(): ReadonlyMap<string, Edn> {
    const fields = new Map<string, Edn>();
    this.#take('{');
    while (!this.#next('}')) {
      const field = this.#value(0);
      if (typeof field !== 'object' || field === null || !('keyword' in field)) return this.#fail('a field begins with a keyword, such as :process');
      if (fields.has(field.keyword)) return this.#fail(`:${field.keyword} is there twice`);
      if (this.#next('}')) return this.#fail(`:${field.keyword} has no value`);
      fields.set(field.keyword, this.#value(0));
    }
    this.#take('}');
    this.#space();
    if (this.#at < this.#text.length) this.#fail('something follows the map');
    return fields;
  }

  #value(depth: number): Edn {
    if (depth > MAX_DEPTH) this.#fail('values are nested too deep');
    if (this.#next('[')) {
      const items: Edn[] = [];
      for (this.#take('['); !this.#next(']');) items.push(this.#value(depth + 1));
      this.#take(']');
      return items;
    }
    const text = this.#match(TEXT);
    if (text !== null) return (text[1] ?? '').replaceAll(/\\(?:u([\da-fA-F]{4})|(.))/g, (_, code: string | undefined, letter: string) => (code === undefined ? ESCAPES[letter] ?? this.#fail(`unknown escape \\${letter}`) : String.fromCharCode(Number.parseInt(code, 16))));
    const [atom] = this.#match(ATOM) ?? [];
    if (atom === undefined) return this.#fail(this.#at >= this.#text.length ? 'the line is cut short' : 'a value should be here');
    return this.#atom(atom);
  }

  #atom(atom: string): Edn {
    if (atom.startsWith(':')) return { keyword: atom.slice(1) };
    if (atom === 'nil') return null;
    if (atom === 'true' || atom === 'false') return atom === 'true';
    return /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[NM]?$/.test(atom) ? Number(atom.replace(/[NM]$/, '')) : this.#fail(`${atom} is no value`);
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    this.#space();
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at = pattern.lastIndex;
    return match;
  }

  #space(): void {
    SPACE.lastIndex = this.#at;
    SPACE.exec(this.#text);
    this.#at = SPACE.lastIndex;
  }

  #next(character: string): boolean {
    this.#space();
    return this.#text[this.#at] === character;
  }

  #take(character: string): void {
    if (!this.#next(character)) this.#fail(this.#at >= this.#text.length ? 'the line is cut short' : `${character} should be here`);
    this.#at++;
  }

  #fail(problem: string): never {
    throw new Problem(`${problem} (character ${this.#at + 1})`);
  }
}

export function readEdnMap(text: string): EdnMap {
  try {
    return new Reader(text).map();
  } catch (error) {
    if (error instanceof Problem) return { problem: error.message };
    throw error;
  }
}
