// Everything that a run's events are written to: the files first, which must not fail, then the sinks that were asked for,
// which may. One that fails is left out from there on, with a warning: results are files, the rest are copies.
import { LabError } from '../../errors.ts';
import type { LabEvent, Plan, Sink, Summary } from '../../kinds.ts';
import { files } from './files.ts';

export type OpenSink = { readonly write: (event: LabEvent) => void; readonly close: (summary: Summary) => Promise<void> };

export async function openSinks(copies: readonly Sink[], plan: Plan, folder: string, warn: (text: string) => void): Promise<OpenSink> {
  const kept = await files.open(plan, folder);
  const open = new Map<string, OpenSink>();
  const failed = (name: string, error: unknown): void => {
    open.delete(name);
    const message = error instanceof Error ? error.message : String(error);
    warn(`warning: the sink ${name} is left out: ${message.split('\n')[0] ?? ''}${error instanceof LabError ? ` (${error.hint})` : ''}`);
  };
  for (const sink of copies) {
    await sink.open(plan, folder).then((opened) => open.set(sink.name, opened), (error: unknown) => failed(sink.name, error));
  }
  return {
    write(event) {
      kept.write(event);
      for (const [name, copy] of open) {
        try {
          copy.write(event);
        } catch (error) {
          failed(name, error);
        }
      }
    },
    async close(summary) {
      await kept.close(summary);
      for (const [name, copy] of open) await copy.close(summary).catch((error: unknown) => failed(name, error));
    },
  };
}
