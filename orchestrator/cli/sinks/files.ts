// The sink `files`: events.ndjson as they came, history.ndjson with one line for each operation of a client, summary.json.
// Results are files; whatever else shows them reads these.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeId, Operation } from '../../../node/contract.ts';
import type { Reply } from '../../../node/replica.ts';
import type { LabEvent, Sink } from '../../kinds.ts';
import { LineFile } from '../event-file.ts';

/** One operation: reply null and repliedMs null when the run ended before its outcome. */
export type HistoryLine = {
  readonly client: string;
  readonly region: string;
  readonly id: string;
  readonly op: Operation;
  readonly intendedMs: number;
  readonly invokedMs: number;
  readonly attempts: readonly { readonly atMs: number; readonly to: NodeId }[];
  readonly repliedMs: number | null;
  readonly reply: Reply | null;
};

type Open = Omit<HistoryLine, 'attempts'> & { readonly attempts: { readonly atMs: number; readonly to: NodeId }[] };

class History {
  readonly #file: LineFile;
  readonly #open = new Map<string, Open>();

  constructor(file: LineFile) {
    this.#file = file;
  }

  observe(event: LabEvent): void {
    switch (event.type) {
      case 'invoke':
        this.#open.set(event.command.id, {
          client: event.client, region: event.region, id: event.command.id, op: event.command.op,
          intendedMs: event.intendedMs, invokedMs: event.atMs, attempts: [], repliedMs: null, reply: null,
        });
        return;
      case 'attempt':
        this.#open.get(event.id)?.attempts.push({ atMs: event.atMs, to: event.to });
        return;
      case 'reply': {
        const open = this.#open.get(event.id);
        if (open === undefined) return;
        this.#open.delete(event.id);
        this.#file.write({ ...open, repliedMs: event.atMs, reply: event.reply });
      }
    }
  }

  close(): void {
    for (const open of this.#open.values()) this.#file.write(open);
    this.#file.close();
  }
}

export const files: Sink = {
  name: 'files',
  summary: 'events.ndjson, history.ndjson and summary.json in the run folder',
  open(_plan, folder) {
    const events = new LineFile(join(folder, 'events.ndjson'));
    const history = new History(new LineFile(join(folder, 'history.ndjson')));
    return Promise.resolve({
      write(event) {
        events.write(event);
        history.observe(event);
      },
      close(summary) {
        events.close();
        history.close();
        writeFileSync(join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
        return Promise.resolve();
      },
    });
  },
};
