// A point of a time-series database, not yet in any database's words. Its time is the run's own, in whole nanoseconds.

export type FieldValue = number | string | boolean;
export type Tags = { readonly [name: string]: string };
/** null, and a number that is not finite: left out. */
export type Fields = { readonly [name: string]: FieldValue | null | undefined };
/** atNs: since the start of the run, exact (below 2^53: 104 days). */
export type Point = { readonly measurement: string; readonly tags: Tags; readonly atNs: number; readonly fields: { readonly [name: string]: FieldValue } };
export type Emit = (measurement: string, tags: Tags, atNs: number, fields: Fields) => void;

export function nsOf(atMs: number): number {
  return Math.round(atMs * 1e6);
}

/** Calls `point` with each that has a field. */
export function toPoints(point: (point: Point) => void): Emit {
  return (measurement, tags, atNs, given) => {
    const fields: { [name: string]: FieldValue } = {};
    let some = false;
    for (const [name, value] of Object.entries(given)) {
      if (value === null || value === undefined || (typeof value === 'number' && !Number.isFinite(value))) continue;
      fields[name] = value;
      some = true;
    }
    if (some) point({ measurement, tags, atNs, fields });
  };
}

/** Points of one moment with equal tags become one point: a database would overwrite the first, field by field. */
export class Moment {
  readonly #emit: Emit;
  #atNs = Number.NaN;
  readonly #points = new Map<string, { readonly measurement: string; readonly tags: Tags; readonly fields: { [name: string]: FieldValue | null | undefined } }>();

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  readonly emit: Emit = (measurement, tags, atNs, fields) => {
    if (atNs !== this.#atNs) this.flush();
    this.#atNs = atNs;
    const key = `${measurement} ${Object.values(tags).join(' ')}`;
    const before = this.#points.get(key);
    if (before === undefined) this.#points.set(key, { measurement, tags, fields: { ...fields } });
    else Object.assign(before.fields, fields);
  };

  flush(): void {
    for (const { measurement, tags, fields } of this.#points.values()) this.#emit(measurement, tags, this.#atNs, fields);
    this.#points.clear();
  }
}
