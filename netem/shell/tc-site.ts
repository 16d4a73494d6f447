// The links of one site in its kernel: the model says what it holds. A change is one batch, read back; a batch that fails has
// been done in part, and is undone. Scheduled delays are lines to a tc that stays open, and closed before anything else is
// changed: two tc at once would overwrite each other.
import { LinkFailure } from '../shaper.ts';
import type { CommandResult, KernelSite, LineCommand, LinkCounters } from '../shaper.ts';
import { countersOf, heldDifference, readQdiscs, showing } from '../tc-held.ts';
import type { Moment } from '../tc-link.ts';
import { rollbackTc, scheduleTc } from '../tc.ts';
import type { TcModel, TcPlan } from '../tc.ts';
import { explain, failedLine } from './tc-said.ts';

/** Shows what it holds as JSON, counters too. */
export const BATCH = ['-j', '-s', '-batch', '-'];

type Change = Extract<TcPlan, { ok: true }>;

export class SiteLinks {
  /** What the kernel holds; null: that is not known. */
  model: TcModel | null = null;
  readonly #id: string;
  readonly #kernel: KernelSite;
  readonly #failed: (error: unknown) => void;
  #lines: LineCommand | null = null;
  /** While a change is being made, the schedule waits. */
  #changing: { readonly before: TcModel | null; readonly tried: TcModel } | null = null;
  #broken = false;
  readonly #rest: (() => void) | undefined;

  constructor(id: string, kernel: KernelSite, failed: (error: unknown) => void) {
    this.#id = id;
    this.#kernel = kernel;
    this.#failed = failed;
    this.#rest = kernel.keepReady?.(BATCH);
  }

  /** With its namespace: nothing is left to be shaped, and what fails there fails nobody. */
  get isGone(): boolean {
    return this.#kernel.isGone?.() === true;
  }

  get isScheduled(): boolean {
    return !this.#broken && !this.isGone && this.model?.pairs.some(({ scheduled }) => scheduled !== null) === true;
  }

  /** settle() or rollBack() follows. */
  async change({ lines, model }: Change): Promise<void> {
    this.#changing = { before: this.model, tried: model };
    try {
      await this.stopSchedule();
      await this.#make(lines, model);
    } catch (error) {
      if (!this.isGone) throw error;
    }
    this.model = model;
  }

  settle(): void {
    this.#changing = null;
  }

  /** false: it could not be made what it was. */
  async rollBack(): Promise<boolean> {
    if (this.#changing === null || this.isGone) return true;
    const { before, tried } = this.#changing;
    try {
      if (before === null) {
        this.model = null;
        // Nothing may have been there yet.
        await this.#kernel.tc(['qdisc', 'del', 'dev', this.#kernel.device, 'root']);
        return true;
      }
      const { lines, model } = rollbackTc(before, tried);
      await this.#make(lines, model);
      this.model = model;
      return true;
    } catch {
      this.model = null;
      return false;
    } finally {
      this.#changing = null;
    }
  }

  /** Makes the scheduled delays those of this moment. */
  follow(moment: Moment): void {
    if (this.model === null || this.#changing !== null || this.#broken) return;
    const { lines, model } = scheduleTc(this.model, moment);
    if (lines.length === 0) return;
    this.#lines ??= this.#kernel.tcLines((error) => {
      if (this.isGone) return;
      this.#broken = true;
      this.#failed(this.#failure('the scheduled delays cannot be kept: ', { code: 1, stdout: '', stderr: error.message }));
    });
    for (const line of lines) this.#lines.write(line);
    this.model = model;
  }

  /** Returns when every line has been done. */
  async stopSchedule(): Promise<void> {
    const lines = this.#lines;
    this.#lines = null;
    try {
      await lines?.close();
    } catch (error) {
      throw this.#failure('the scheduled delays could not be kept: ', { code: 1, stdout: '', stderr: error instanceof Error ? error.message : String(error) });
    }
  }

  /** No change follows. The links stay. */
  async close(): Promise<void> {
    this.#rest?.();
    await this.stopSchedule();
  }

  async counters(): Promise<readonly LinkCounters[]> {
    const { model } = this;
    if (model === null) return [];
    const shown = await this.#kernel.tc(['-j', '-s', 'qdisc', 'show', 'dev', model.device]);
    const qdiscs = shown.code === 0 ? readQdiscs(shown.stdout) : null;
    if (qdiscs === null) throw this.#failure('', shown);
    return countersOf(model, qdiscs);
  }

  /** One batch, that shows what is held at its end. */
  async #make(lines: readonly string[], model: TcModel): Promise<void> {
    const { device } = this.#kernel;
    const whole = [...lines, ...showing(device)];
    const result = await this.#kernel.tc(BATCH, `${whole.join('\n')}\n`);
    if (result.code !== 0) {
      const line = failedLine(result, whole);
      throw this.#failure(line === null ? '' : `tc stopped at "${line}": `, result);
    }
    const difference = heldDifference(model, result.stdout);
    if (difference === null) return;
    const { place, asked, held } = difference;
    throw new LinkFailure('failed', `${place}: the kernel holds "${held}" where "${asked}" was asked`, `something else changes ${device} of ${this.#id}: another tc, another lab or a network manager`);
  }

  #failure(doing: string, result: CommandResult): LinkFailure {
    const { missing, hint } = explain(result);
    return new LinkFailure('failed', `${this.#id}, ${this.#kernel.device}: ${doing}${missing}`, hint);
  }
}
