// The entries that overtook others on the way. UDP reorders, and a leader pipelines; to refuse each of them would answer a
// storm of messages with a storm of refusals. They wait here, in order, until what comes before them has arrived.
import type { AppendEntries } from './messages.ts';

/** As many as a leader's window lets it send. */
const MOST = 256;

export class EarlyEntries {
  waiting: AppendEntries[] = [];

  /** Beyond the limit it is dropped: the leader sends it again. */
  add(message: AppendEntries): void {
    if (this.waiting.length >= MOST) return;
    let place = this.waiting.length;
    while (place > 0 && (this.waiting[place - 1]?.prevLogIndex ?? 0) > message.prevLogIndex) place--;
    this.waiting.splice(place, 0, message);
  }

  /** The next message whose entries continue a log of this length, or null. */
  take(lastIndex: number): AppendEntries | null {
    const first = this.waiting[0];
    if (first === undefined || first.prevLogIndex > lastIndex) return null;
    this.waiting.shift();
    return first;
  }

  clear(): void {
    this.waiting = [];
  }
}
