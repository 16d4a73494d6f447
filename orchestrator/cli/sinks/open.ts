// Everything that a run's events are written to: the files first, which must not fail, then the sinks that were asked for,
// which may. One that fails is left out from there on, with a warning: results are files, the rest are copies.
import { LabError } from '../../errors.ts';
import type { LabEvent, OpenSink, Plan, Sink, Summary } from '../../kinds.ts';
import { files } from './files.ts';

type OpenSinks = {
  readonly write: (event: LabEvent) => void;
  /** undefined: none of them takes events while the run goes. */
  readonly live: ((event: LabEvent) => void) | undefined;
  readonly close: (summary: Summary) => Promise<void>;
  /** Of those that did not fail, a line each; after close(). */
  readonly views: () => readonly string[];
};

export async function openSinks(copies: readonly Sink[], plan: Plan, folder: string, warn: (text: string) => void): Promise<OpenSinks> {
  const kept = await files.open(plan, folder);
  const open = new Map<string, OpenSink>();
  const failed = (name: string, error: unknown): void => {
    open.delete(name);
    const message = error instanceof Error ? error.message : String(error);
    warn(`warning: the sink ${name} is left out: ${message.split('\n')[0] ?? ''}${error instanceof LabError ? ` (${error.hint})` : ''}`);
  };
  const all = (act: (copy: OpenSink, name: string) => void): void => {
    for (const [name, copy] of open) {
      try {
        act(copy, name);
      } catch (error) {
        failed(name, error);
      }
    }
  };
  for (const sink of copies) {
    await sink.open(plan, folder).then((opened) => open.set(sink.name, opened), (error: unknown) => failed(sink.name, error));
  }
  return {
    write(event) {
      kept.write(event);
      all((copy) => copy.write(event));
    },
    live: [...open.values()].some((copy) => copy.live !== undefined) ? (event) => all((copy) => copy.live?.(event)) : undefined,
    async close(summary) {
      await kept.close(summary);
      for (const [name, copy] of open) await copy.close(summary).catch((error: unknown) => failed(name, error));
    },
    views() {
      const views: string[] = [];
      all((copy, name) => {
        const view = copy.view?.();
        if (view !== undefined) views.push(`${name}: ${plan.label} on ${plan.runner}: ${view}`);
      });
      return views;
    },
  };
}
