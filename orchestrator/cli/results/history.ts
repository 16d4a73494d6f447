// history.ndjson: one line for each operation of a client, when its outcome is known; those without one come last.
import type { NodeId, KeyOperation } from '../../../node/contract.ts';
import type { Reply } from '../../../node/replica.ts';
import type { LabEvent } from '../../kinds.ts';

/** One operation: reply null and repliedMs null when the run ended before its outcome. */
export type HistoryLine = {
  readonly client: string;
  readonly region: string;
  readonly id: string;
  readonly op: KeyOperation;
  readonly intendedMs: number;
  readonly invokedMs: number;
  readonly attempts: readonly { readonly atMs: number; readonly to: NodeId }[];
  readonly repliedMs: number | null;
  readonly reply: Reply | null;
};

type Open = Omit<HistoryLine, 'attempts'> & { readonly attempts: { readonly atMs: number; readonly to: NodeId }[] };

export class History {
  readonly #write: (line: HistoryLine) => void;
  readonly #open = new Map<string, Open>();

  constructor(write: (line: HistoryLine) => void) {
    this.#write = write;
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
        this.#write({ ...open, repliedMs: event.atMs, reply: event.reply });
        return;
      }
      default:
    }
  }

  finish(): void {
    for (const open of this.#open.values()) this.#write(open);
    this.#open.clear();
  }
}
