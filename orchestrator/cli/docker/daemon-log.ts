// What the daemon says while it builds, pulls or imports: one JSON record a line. A build that fails does not fail its call; a
// record says so, and the step before it is what failed.

type Spoken = { readonly stream?: string; readonly status?: string; readonly id?: string; readonly progress?: string; readonly error?: string; readonly errorDetail?: { readonly message?: string } };

const STEP = /^Step (\d+\/\d+) : (.*)$/;
/** Of the output before a failure. */
const LAST_LINES = 3;

export class DaemonLog {
  readonly #doing: string;
  readonly #onLine: (line: string) => void;
  #step: string | null = null;
  #last: string[] = [];
  #failure: string | null = null;

  /** onLine gets each step, and each layer that comes. */
  constructor(doing: string, onLine: (line: string) => void) {
    this.#doing = doing;
    this.#onLine = onLine;
  }

  /** In the daemon's words; null: it has not failed. */
  get failure(): string | null {
    return this.#failure;
  }

  /** With the step, when there are steps. */
  get doing(): string {
    return this.#step === null ? this.#doing : `${this.#doing}, step ${this.#step}`;
  }

  heard(line: string): void {
    if (line.trim() === '') return;
    const { stream, status, id, progress, error, errorDetail } = JSON.parse(line) as Spoken;
    if (error !== undefined) {
      const words = errorDetail?.message ?? error;
      this.#failure = [words, ...(this.#last.length === 0 ? [] : [`its last lines: ${this.#last.join('; ')}`])].join('; ').replaceAll(/\s*\n\s*/g, '; ');
    } else if (stream !== undefined) {
      for (const part of stream.split('\n')) if (part.trim() !== '') this.#built(part.trim());
    } else if (status !== undefined && progress === undefined) {
      this.#onLine(id === undefined ? status : `${id}: ${status}`);
    }
  }

  #built(line: string): void {
    const [, number, command] = STEP.exec(line) ?? [];
    if (number !== undefined) {
      this.#step = `${number} (${command})`;
      this.#last = [];
      this.#onLine(line);
    } else if (!line.startsWith('--->')) {
      this.#last = [...this.#last, line].slice(-LAST_LINES);
    }
  }
}
