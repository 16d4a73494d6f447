// samples.parquet: one row for each command that a client sent, warm-up included, so that any figure of latency can be made
// again elsewhere. Rows stand in the order of the first sends; times are milliseconds since the start of the run.
import { parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer, type ColumnSource } from 'hyparquet-writer';
import type { LabEvent, Plan } from '../../kinds.ts';
import { isIn, measureWindow } from '../../metrics/commands.ts';

export type Sample = {
  readonly id: string;
  readonly client: string;
  readonly region: string;
  readonly operation: string;
  readonly key: string;
  readonly intendedMs: number;
  readonly sentMs: number;
  /** null, as what follows from it: the run ended before the outcome. */
  endedMs: number | null;
  outcome: 'ok' | 'fail' | 'unknown' | 'open';
  reason: string | null;
  /** From the intended time; serviceMs from the first send. */
  latencyMs: number | null;
  serviceMs: number | null;
  /** Requests that left for it, retries included. */
  attempts: number;
  /** Of the reply. */
  slot: number | null;
  epoch: number | null;
  /** Its intended time lies in the measure window: it belongs to the population. */
  readonly measured: boolean;
};

const COLUMNS: { readonly [column in keyof Sample]: 'STRING' | 'DOUBLE' | 'INT32' | 'BOOLEAN' } = {
  id: 'STRING', client: 'STRING', region: 'STRING', operation: 'STRING', key: 'STRING', intendedMs: 'DOUBLE', sentMs: 'DOUBLE', endedMs: 'DOUBLE',
  outcome: 'STRING', reason: 'STRING', latencyMs: 'DOUBLE', serviceMs: 'DOUBLE', attempts: 'INT32', slot: 'DOUBLE', epoch: 'DOUBLE', measured: 'BOOLEAN',
};

export class Samples {
  readonly rows: Sample[] = [];
  readonly #plan: Plan;
  readonly #open = new Map<string, Sample>();

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  observe(event: LabEvent): void {
    if (event.type === 'invoke') {
      const { client, region, intendedMs, atMs, command: { id, op } } = event;
      const sample: Sample = {
        id, client, region, operation: op.type, key: 'key' in op ? op.key : '', intendedMs, sentMs: atMs, endedMs: null, outcome: 'open', reason: null,
        latencyMs: null, serviceMs: null, attempts: 0, slot: null, epoch: null, measured: isIn(measureWindow(this.#plan), intendedMs),
      };
      this.#open.set(id, sample);
      this.rows.push(sample);
    } else if (event.type === 'attempt') {
      const sample = this.#open.get(event.id);
      if (sample !== undefined) sample.attempts++;
    } else if (event.type === 'reply') {
      const sample = this.#open.get(event.id);
      if (sample === undefined) return;
      this.#open.delete(event.id);
      const { reply, atMs } = event;
      Object.assign(sample, { endedMs: atMs, outcome: reply.outcome, latencyMs: atMs - sample.intendedMs, serviceMs: atMs - sample.sentMs });
      if (reply.outcome === 'ok') Object.assign(sample, { slot: reply.at.slot, epoch: reply.at.epoch });
      else sample.reason = reply.reason;
    }
  }

  encode(): Uint8Array {
    const columnData = Object.entries(COLUMNS).map(([name, type]): ColumnSource => ({ name, type, data: this.rows.map((row) => row[name as keyof Sample]) }));
    return new Uint8Array(parquetWriteBuffer({ columnData, createdBy: 'consensus-lab' }));
  }
}

/** The rows of a samples.parquet; throws where it is none. */
export async function decodeSamples(bytes: Uint8Array): Promise<readonly Sample[]> {
  return await parquetReadObjects({ file: new Uint8Array(bytes).buffer }) as unknown as readonly Sample[];
}
