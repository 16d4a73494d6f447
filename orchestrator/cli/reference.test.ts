// The pages of docs/reference say what the registries say.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROFILES } from '../../netem/profiles.ts';
import { BUILTINS } from '../builtins.ts';
import { METRICS } from '../metrics/names.ts';
import { dashboardsPage, referencePages } from './reference.ts';

const pages = referencePages();

test.each(Object.entries(pages))('docs/reference/%s is the one that npm run reference makes', (file, text) => {
  expect(readFileSync(join(import.meta.dirname, '../../docs/reference', file), 'utf8'), 'run: npm run reference').toBe(text);
});

test('dashboards/README.md says what the sinks of time series write', () => {
  const page = readFileSync(join(import.meta.dirname, '../../dashboards/README.md'), 'utf8');
  expect(page, 'run: npm run reference').toBe(dashboardsPage(page));
});

test('every protocol, fault, workload and figure has its place, with its options', () => {
  const sections = (file: string) => [...(pages[file] ?? '').matchAll(/^## (.+)$/gm)].map(([, name]) => name);
  expect(sections('protocols.md')).toEqual(BUILTINS.protocols.map(({ name }) => name));
  expect(sections('faults.md')).toEqual(BUILTINS.faults.map(({ name }) => name));
  expect(sections('workloads.md')).toEqual(BUILTINS.workloads.map(({ name }) => name));
  expect(sections('networks.md')).toEqual(PROFILES.map(({ name }) => name));
  for (const { source, regions } of PROFILES) for (const words of [source, ...regions]) expect(pages['networks.md']).toContain(words);
  for (const { name } of METRICS) expect(pages['metrics.md']).toContain(`| \`${name}\` |`);
  for (const { defaults } of BUILTINS.protocols) for (const option of Object.keys(defaults as object)) expect(pages['protocols.md']).toContain(`| \`${option}\` |`);
  for (const key of ['name', 'network.wan', 'load.rate', 'run.measure', 'clocks.ntp.poll']) expect(pages['experiment.md']).toContain(`| \`${key}\` |`);
});
