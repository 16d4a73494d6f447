// manifest.json: the checksum of every file of a run and the lab that wrote them. It is written last, so a folder without one
// is of a run that did not end.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { labVersion } from '../environment.ts';

export const MANIFEST = 'manifest.json';
/** Every finished run has these. */
export const RUN_FILES = ['plan.json', 'environment.json', 'events.ndjson', 'history.ndjson', 'samples.parquet', 'histograms.json', 'clock-error.csv', 'summary.json', 'summary.csv'] as const;

export type Manifest = {
  readonly version: 1;
  readonly lab: string;
  readonly files: { readonly [name: string]: { readonly bytes: number; readonly sha256: string } };
};

export async function writeManifest(folder: string): Promise<void> {
  const names = await readdir(folder);
  const present = RUN_FILES.filter((name) => names.includes(name));
  const files = Object.fromEntries(await Promise.all(present.map(async (name) => [name, await sealOf(join(folder, name))] as const)));
  const manifest: Manifest = { version: 1, lab: labVersion(), files };
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}

export async function sealOf(path: string): Promise<Manifest['files'][string]> {
  const hash = createHash('sha256');
  const stream = createReadStream(path);
  await pipeline(stream, hash);
  return { bytes: stream.bytesRead, sha256: hash.digest('hex') };
}
