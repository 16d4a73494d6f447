// The files of a run that follow from its plan and its events: written when the run ends, and made again from the recorded
// events when it is verified. Equal events give equal files.
import type { LabEvent, Plan, Summary } from '../../kinds.ts';
import { summaryCsv } from '../../report/csv.ts';
import { encodeHistograms } from './histograms.ts';
import { Samples } from './samples.ts';

export class Derived {
  readonly samples: Samples;
  readonly #clockErrors: string[] = ['atMs,node,life,errorMs'];

  constructor(plan: Plan) {
    this.samples = new Samples(plan);
  }

  observe(event: LabEvent): void {
    this.samples.observe(event);
    if (event.type === 'clock') this.#clockErrors.push(`${event.atMs},${event.node},${event.life},${event.errorMs}`);
  }

  /** By file name; samples.parquet stands apart, because its bytes may change with its writer. */
  texts(summary: Summary): { readonly [name: string]: string } {
    return {
      'summary.json': `${JSON.stringify(summary, null, 2)}\n`,
      'summary.csv': summaryCsv(summary),
      'histograms.json': encodeHistograms(this.samples.rows),
      'clock-error.csv': `${this.#clockErrors.join('\n')}\n`,
    };
  }
}
