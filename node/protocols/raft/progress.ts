// What a leader knows of one follower, and how much it may send there. A new leader probes: one message at a time from a
// guessed nextIndex, until one is accepted; then it pipelines: nextIndex runs ahead of the acknowledgements, within a window.
// matchIndex never falls and nextIndex is always above it, whatever order replies arrive in.
import type { Accepted, Refused } from './messages.ts';

/** Of the window of one follower. The bytes fit a socket's receive buffer several times over. */
const WINDOW_MESSAGES = 256;
const WINDOW_BYTES = 1_048_576;
/** Retransmissions shrink to about one datagram: a message is lost with any one of its frames. */
const SMALLEST_BATCH_BYTES = 1_024;

export class Progress {
  readonly batchLimitBytes: number;
  nextIndex: number;
  matchIndex = 0;
  probing = true;
  /** The probe is on its way. */
  probed = false;
  /** Messages with entries that are not acknowledged, while pipelining. */
  inFlight: { readonly lastIndex: number; readonly bytes: number }[] = [];
  inFlightBytes = 0;
  batchBytes: number;
  heardMs: number;
  /** Of the last heartbeat: nothing was acknowledged since then if matchIndex is still this. */
  matchAtHeartbeat = 0;
  outstandingAtHeartbeat = false;

  constructor(nextIndex: number, batchLimitBytes: number, nowMs: number) {
    this.nextIndex = nextIndex;
    this.batchLimitBytes = batchLimitBytes;
    this.batchBytes = batchLimitBytes;
    this.heardMs = nowMs;
  }

  /** May another message with entries leave? */
  get open(): boolean {
    return this.probing ? !this.probed : this.inFlight.length < WINDOW_MESSAGES && this.inFlightBytes < WINDOW_BYTES;
  }

  sent(lastIndex: number, bytes: number): void {
    if (this.probing) {
      this.probed = true;
      return;
    }
    this.nextIndex = lastIndex + 1;
    this.inFlight.push({ lastIndex, bytes });
    this.inFlightBytes += bytes;
  }

  accepted({ matchIndex }: Accepted): void {
    if (matchIndex <= this.matchIndex) return;
    this.matchIndex = matchIndex;
    this.batchBytes = Math.min(this.batchLimitBytes, this.batchBytes * 2);
    if (this.probing) {
      this.probing = false;
      this.nextIndex = matchIndex + 1;
    }
    this.nextIndex = Math.max(this.nextIndex, matchIndex + 1);
    let acknowledged = 0;
    for (const { lastIndex, bytes } of this.inFlight) {
      if (lastIndex > matchIndex) break;
      acknowledged++;
      this.inFlightBytes -= bytes;
    }
    if (acknowledged > 0) this.inFlight.splice(0, acknowledged);
  }

  /** retryAt: the next index to try, by the conflict that the follower named. */
  refused({ prevLogIndex }: Refused, retryAt: number): void {
    const stale = prevLogIndex <= this.matchIndex || (this.probing && prevLogIndex !== this.nextIndex - 1);
    if (!stale) this.probeFrom(Math.max(this.matchIndex + 1, Math.min(prevLogIndex, retryAt)));
  }

  /** Each heartbeat: what was outstanding for a whole interval without any progress is taken for lost. */
  heartbeat(): void {
    const outstanding = this.probing ? this.probed : this.nextIndex > this.matchIndex + 1;
    if (outstanding && this.outstandingAtHeartbeat && this.matchIndex === this.matchAtHeartbeat) {
      this.batchBytes = Math.min(this.batchLimitBytes, Math.max(SMALLEST_BATCH_BYTES, this.batchBytes / 2));
      this.probeFrom(this.probing ? this.nextIndex : this.matchIndex + 1);
    }
    this.outstandingAtHeartbeat = outstanding;
    this.matchAtHeartbeat = this.matchIndex;
  }

  probeFrom(nextIndex: number): void {
    this.nextIndex = nextIndex;
    this.probing = true;
    this.probed = false;
    this.inFlight = [];
    this.inFlightBytes = 0;
  }
}
