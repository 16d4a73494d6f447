// The sink `files`: events as they came, what follows from them (a line and a row for each operation, histograms, clock
// errors, the summary), and last the checksums of all. Results are files; whatever else shows them reads these.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sink } from '../../kinds.ts';
import { LineFile } from '../event-file.ts';
import { Derived } from '../results/derived.ts';
import { History } from '../results/history.ts';
import { writeManifest } from '../results/manifest.ts';

export const files: Sink = {
  name: 'files',
  summary: 'events, history, samples, histograms, summary (JSON and CSV) and checksums in the run folder',
  open(plan, folder) {
    const events = new LineFile(join(folder, 'events.ndjson'));
    const lines = new LineFile(join(folder, 'history.ndjson'));
    const history = new History((line) => lines.write(line));
    const derived = new Derived(plan);
    return Promise.resolve({
      write(event) {
        events.write(event);
        history.observe(event);
        derived.observe(event);
      },
      async close(summary) {
        history.finish();
        events.close();
        lines.close();
        writeFileSync(join(folder, 'samples.parquet'), derived.samples.encode());
        for (const [name, text] of Object.entries(derived.texts(summary))) writeFileSync(join(folder, name), text);
        await writeManifest(folder);
      },
    });
  },
};
