// Numbers for values: the same number for the same value, exactly, not by a hash. A value is taken apart into its parts, each
// with a number of its own, so that states that differ in one field share the rest. Insertion order of keys, Maps and Sets
// counts, for a machine may iterate; so does whether two places hold the same Map, Set or class instance.
import { LabError } from '../errors.ts';

/** A private field in the text of a class; methods may be private, for they hold nothing. */
const PRIVATE_FIELD = /(?:^|[{};\n])\s*(#[\w$]+)\s*(?:=(?!=)|;|\n\s*(?:[#\w$[]|$))/;

export class Identities {
  readonly #numbers = new Map<string, number>();
  readonly #classes = new Map<unknown, string>();
  readonly #visited = new Map<object, number>();
  #hidden: object | null = null;

  get size(): number {
    return this.#numbers.size;
  }

  of(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#numbers.size + 1;
    this.#numbers.set(text, number);
    return number;
  }

  /** Of an object with all that it holds but `hidden`, wherever that is. Throws a LabError for state that cannot be seen. */
  ofState(value: object, hidden: object): number {
    this.#visited.clear();
    this.#hidden = hidden;
    return this.#number(value, '');
  }

  #number(value: unknown, path: string): number {
    switch (typeof value) {
      case 'string':
        return this.of(`"${value}`);
      case 'object':
        return value === null ? this.of('null') : this.#object(value, path);
      case 'function':
        throw unseen(path, 'holds a function, which may close over anything', 'make it a method');
      case 'symbol':
        throw unseen(path, 'holds a symbol', 'use a string');
      default:
        return this.of(Object.is(value, -0) ? '-0' : String(value));
    }
  }

  #object(value: object, path: string): number {
    if (Array.isArray(value)) {
      let text = '[';
      for (let index = 0; index < value.length; index++) text += `${this.#number(value[index], path)},`;
      return this.of(text);
    }
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === Object.prototype || prototype === null) return this.#fields('{', value, path);
    const before = this.#visited.get(value);
    if (before !== undefined) return this.of(`^${before}`);
    this.#visited.set(value, this.#visited.size);
    if (value instanceof Map) {
      let text = 'M';
      for (const [key, item] of value as Map<unknown, unknown>) text += `${this.#number(key, path)}:${this.#number(item, path)},`;
      return this.of(text);
    }
    if (value instanceof Set) {
      let text = 'S';
      for (const item of value as Set<unknown>) text += `${this.#number(item, path)},`;
      return this.of(text);
    }
    return this.#fields(this.#classOf(value, path), value, path);
  }

  #fields(kind: string, value: object, path: string): number {
    let text = kind;
    for (const name of Object.keys(value)) {
      const field = (value as { readonly [name: string]: unknown })[name];
      // Routes only answer questions; nothing of them is state.
      if (field === this.#hidden || (path === '' && name === 'routes')) continue;
      text += `${name}:${this.#number(field, path === '' ? name : `${path}.${name}`)},`;
    }
    return this.of(text);
  }

  #classOf(value: object, path: string): string {
    const known = this.#classes.get(value.constructor);
    if (known !== undefined) return known;
    if (Object.prototype.toString.call(value) !== '[object Object]') throw unseen(path, `holds a ${value.constructor.name}`, 'keep state in plain values, Maps, Sets and classes');
    for (let prototype = Object.getPrototypeOf(value) as object | null; prototype !== null && prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype) as object | null) {
      const [, field] = PRIVATE_FIELD.exec(String(prototype.constructor)) ?? [];
      if (field !== undefined) throw unseen(path, `is a ${prototype.constructor.name} with the private field ${field}`, 'make it an ordinary field; methods may stay private');
    }
    const text = `${value.constructor.name}#${this.#classes.size}{`;
    this.#classes.set(value.constructor, text);
    return text;
  }
}

function unseen(path: string, what: string, remedy: string): LabError {
  return new LabError('bad-plugin', `the state of this machine cannot be seen whole: ${path === '' ? 'the machine' : `its field ${path}`} ${what}`, remedy);
}
