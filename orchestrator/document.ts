// An experiment file as data, with the place of every value: whatever is wrong can be pointed at. A value may come from
// elsewhere (--set, a sweep); then its place says so.
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';
import { LabError } from './errors.ts';

export type Path = readonly (string | number)[];

const MAX_CHARACTERS = 1_000_000;

/** 'load.rate' and 'faults.0.at'; a metric's name keeps its dots: 'expect.commit.p99'. */
export function pathOf(text: string): Path {
  const parts = text.split('.');
  if (parts[0] === 'expect' && parts.length > 2) return ['expect', parts.slice(1).join('.')];
  return parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

function parse(text: string, place: (line: number, column: number) => string, language = 'YAML'): { readonly document: Document; readonly lines: LineCounter; readonly data: unknown } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    throw new LabError('bad-experiment', `${place(line, col)}: not ${language}: ${problem.message.split('\n')[0]}`, 'check indentation, brackets and quotes at this place');
  }
  try {
    return { document, lines, data: document.toJS({ maxAliasCount: 100 }) };
  } catch (cause) {
    throw new LabError('bad-experiment', `${place(1, 1)}: ${cause instanceof Error ? cause.message : String(cause)}`, 'use fewer anchors and aliases', cause);
  }
}

/** A copy in which the value at the path is another; the maps on the way are made where they are missing. null: no map there. */
function replaced(data: unknown, path: Path, value: unknown): { readonly data: unknown } | null {
  const [key, ...rest] = path;
  if (key === undefined) return { data: value };
  if (Array.isArray(data)) {
    if (typeof key !== 'number' || key >= data.length) return null;
    const inner = replaced(data[key], rest, value);
    return inner === null ? null : { data: data.map((item: unknown, index) => (index === key ? inner.data : item)) };
  }
  if (data !== undefined && (typeof data !== 'object' || data === null)) return null;
  const entries = new Map(Object.entries(data ?? {}));
  const inner = replaced(entries.get(String(key)), rest, value);
  return inner === null ? null : { data: Object.fromEntries(entries.set(String(key), inner.data)) };
}

export class ExperimentDocument {
  readonly file: string;
  readonly data: unknown;
  readonly #document: Document;
  readonly #lines: LineCounter;
  /** Where values come from that the file's own text does not hold, by JSON of their path. */
  readonly #origins: ReadonlyMap<string, string>;

  private constructor(file: string, data: unknown, document: Document, lines: LineCounter, origins: ReadonlyMap<string, string>) {
    this.file = file;
    this.data = data;
    this.#document = document;
    this.#lines = lines;
    this.#origins = origins;
  }

  /** language: as messages call it; JSON is read as the YAML that it is. */
  static parse(text: string, file: string, language?: 'JSON'): ExperimentDocument {
    if (text.length > MAX_CHARACTERS) {
      throw new LabError('bad-experiment', `${file}:1:1: the file has ${text.length} characters`, `an experiment has at most ${MAX_CHARACTERS}`);
    }
    const { document, lines, data } = parse(text, (line, column) => `${file}:${line}:${column}`, language);
    return new ExperimentDocument(file, data, document, lines, new Map());
  }

  /** The same experiment with another value at this path. `origin` names its source in messages. */
  with(path: Path, value: unknown, origin: string): ExperimentDocument {
    const changed = path.length === 0 ? null : replaced(this.data, path, value);
    if (changed === null) {
      throw new LabError('bad-experiment', `${origin}: there is no place for ${path.join('.')} in this experiment`, 'name the keys from the outside in, such as load.rate or faults.0.at');
    }
    return new ExperimentDocument(this.file, changed.data, this.#document, this.#lines, new Map([...this.#origins, [JSON.stringify(path), origin]]));
  }

  /** FILE:LINE:COL of the value, or of the nearest thing around it; key: of the key that names it. */
  where(path: Path, key = false): string {
    for (let length = path.length; length >= 0; length--) {
      const origin = this.#origins.get(JSON.stringify(path.slice(0, length)));
      if (origin !== undefined) return origin;
      const offset = this.#offset(path.slice(0, length), key && length === path.length);
      if (offset !== null) {
        const { line, col } = this.#lines.linePos(offset);
        return `${this.file}:${line}:${col}`;
      }
      // A map that exists only because something in it came from elsewhere.
      const start = `${JSON.stringify(path.slice(0, length)).slice(0, -1)},`;
      for (const [below, inner] of length > 0 ? this.#origins : []) if (below.startsWith(start)) return inner;
    }
    return `${this.file}:1:1`;
  }

  /** Nothing above it, at it or below it comes from elsewhere. */
  isOriginal(path: Path): boolean {
    return ![...this.#origins.keys()].some((key) => (JSON.parse(key) as Path).every((step, index) => index >= path.length || step === path[index]));
  }

  #offset(path: Path, key: boolean): number | null {
    let node: unknown = this.#document.contents;
    let keyNode: unknown = null;
    for (const step of path) {
      if (isAlias(node)) node = node.resolve(this.#document);
      if (isMap(node)) {
        const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step));
        if (pair === undefined) return null;
        keyNode = pair.key;
        // An empty value (`name:`) has no place of its own.
        node = pair.value ?? pair.key;
      } else if (isSeq(node) && typeof step === 'number' && step < node.items.length) node = node.items[step];
      else return null;
    }
    return (key ? keyNode as Node | null : node as Node | null)?.range?.[0] ?? null;
  }
}

/** Applies `--set` texts: 'load.rate=50/s'. The value is YAML. */
export function applyOverrides(document: ExperimentDocument, sets: readonly string[]): ExperimentDocument {
  let result = document;
  for (const set of sets) {
    const equals = set.indexOf('=');
    const origin = `--set ${set}`;
    if (equals < 1) throw new LabError('bad-experiment', `${origin}: no value`, 'write --set path=value, such as --set load.rate=50/s');
    const { data } = parse(set.slice(equals + 1), () => origin);
    result = result.with(pathOf(set.slice(0, equals)), data, origin);
  }
  return result;
}
