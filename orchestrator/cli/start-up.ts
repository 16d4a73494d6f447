// What passed between the start of a command, or the end of its run before, and the first command that a client was told is
// committed: phase after phase, on the lab's monotonic clock. Measuring the idle network is a phase of its own.
import type { LabEvent, StartPhase } from '../kinds.ts';

/** Each in ms, from the end of the one before; together they are the whole time. */
export type StartUp = {
  /** Reading, planning, looking for the image and trying the shaper; of a later run of a command nothing. */
  readonly preparedMs: number;
  /** Network, namespaces or containers are made. An attempt that was late counts here. */
  readonly placedMs: number;
  /** Every node and the load process answer, and the links are in force. */
  readonly readyMs: number;
  readonly certificateMs: number;
  /** Until time 0 of the run, which was fixed before the nodes were started. */
  readonly heldMs: number;
  /** From time 0 on: the protocol's own start, and the first command's way. */
  readonly firstCommitMs: number;
  /** All but the certificate. */
  readonly withoutCertificateMs: number;
};

export class StartUpWatch {
  readonly #beganMs: number;
  readonly #preparedMs: number;
  readonly #reachedMs: { [phase in StartPhase]?: number } = {};
  #committedMs: number | null = null;

  /** In ms since the start of the command: fromMs, from when on this run is counted; preparedMs, now. */
  constructor(fromMs: number, preparedMs: number) {
    this.#beganMs = fromMs;
    this.#preparedMs = preparedMs;
  }

  reached(phase: StartPhase, atMs: number): void {
    this.#reachedMs[phase] = atMs;
  }

  /** Each event, in order of time. */
  observe(event: LabEvent): void {
    if (event.type === 'reply' && event.reply.outcome === 'ok') this.#committedMs ??= event.atMs;
  }

  /** null: nothing was committed, or time is simulated. */
  finish(): StartUp | null {
    const { placed, ready, certified, released } = this.#reachedMs;
    if (placed === undefined || ready === undefined || certified === undefined || released === undefined || this.#committedMs === null) return null;
    const before = { preparedMs: this.#preparedMs - this.#beganMs, placedMs: placed - this.#preparedMs, readyMs: ready - placed };
    const [heldMs, firstCommitMs] = [released - certified, this.#committedMs];
    const withoutCertificateMs = before.preparedMs + before.placedMs + before.readyMs + heldMs + firstCommitMs;
    return { ...before, certificateMs: certified - ready, heldMs, firstCommitMs, withoutCertificateMs };
  }
}

const PARTS = { preparedMs: 'to prepare', placedMs: 'to place', readyMs: 'until the nodes were ready', heldMs: 'held', firstCommitMs: 'from time 0' } as const;

/** One line for the user. */
export function wordsOfStartUp(startUp: StartUp): string {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  const parts = (Object.keys(PARTS) as readonly (keyof typeof PARTS)[]).filter((name) => startUp[name] >= 50).map((name) => `${seconds(startUp[name])} ${PARTS[name]}`);
  return `first commit: after ${seconds(startUp.withoutCertificateMs)} (${parts.join(', ')}), and ${seconds(startUp.certificateMs)} for the certificate`;
}
