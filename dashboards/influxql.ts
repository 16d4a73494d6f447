// Queries of the boards in InfluxQL, the one language that InfluxDB 1.x and 2.x both have, and the variables in them. A name in
// double quotes is a measurement, a tag or a field of README.md; a test holds every query to that.
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';

/** Of provisioning/datasources. */
export const DATA_SOURCE = { type: 'influxdb', uid: 'lab-influx' };

/** A condition on a tag by the variable that has its name; one value, several or all. */
export function by(...tags: readonly string[]): string {
  return tags.map((tag) => `"${tag}" =~ /^\${${tag}:regex}$/`).join(' AND ');
}

/** A field whose values and a variable of another name are compared. */
export function equals(name: string, variable: string): string {
  return `"${name}" =~ /^\${${variable}:regex}$/`;
}

export type Column = string | readonly [name: string, alias: string];

/** Names in quotes; of [name, alias] the column is called alias. */
export function columns(...names: readonly Column[]): string {
  return names.map((name) => (typeof name === 'string' ? `"${name}"` : `"${name[0]}" AS "${name[1]}"`)).join(', ');
}

/** What Grafana's data source for InfluxDB reads of a target. */
type Target = Dataquery & {
  readonly refId: string;
  readonly datasource: typeof DATA_SOURCE;
  readonly rawQuery: true;
  readonly resultFormat: 'time_series' | 'table';
  readonly query: string;
  readonly alias?: string;
};

class Query implements Builder<Dataquery> {
  readonly #target: Omit<Target, '_implementsDataqueryVariant'>;

  constructor(target: Omit<Target, '_implementsDataqueryVariant'>) {
    this.#target = target;
  }

  build(): Dataquery {
    return { ...this.#target, _implementsDataqueryVariant: () => undefined };
  }
}

/** One line for each column and tag. alias: `$col`, `$tag_node` or a text. */
export function series(refId: string, query: string, alias: string): Builder<Dataquery> {
  return new Query({ refId, datasource: DATA_SOURCE, rawQuery: true, resultFormat: 'time_series', query, alias });
}

/** One frame, a column for time, for each tag of GROUP BY, and for each field. */
export function table(refId: string, query: string): Builder<Dataquery> {
  return new Query({ refId, datasource: DATA_SOURCE, rawQuery: true, resultFormat: 'table', query });
}
