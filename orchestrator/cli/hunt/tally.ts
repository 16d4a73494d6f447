// What a hunt adds up over its cases, and how it says so.
import type { Hunted, Sighting } from '../../hunt/run.ts';

export type Seen = { readonly seed: string; readonly hunted: Hunted; readonly sighting: Sighting };
/** Of one check: in how many cases, and the first. */
type Count = { count: number; readonly first: { readonly seed: string; readonly because: string } };

export class Tally {
  readonly protocol: string;
  cases = 0;
  simulatedMs = 0;
  cpuMs = 0;
  commits = 0;
  wallMs = 0;
  readonly faults = new Map<string, number>();
  readonly failures: Seen[] = [];
  readonly findings = new Map<string, Count>();
  readonly undecided = new Map<string, Count>();

  constructor(protocol: string) {
    this.protocol = protocol;
  }

  add(hunted: Hunted, cpuMs: number): void {
    const { seed } = hunted.hunted;
    this.cases++;
    this.simulatedMs += hunted.simulatedMs;
    this.cpuMs += cpuMs;
    this.commits += hunted.commits;
    for (const [kind, times] of Object.entries(hunted.faults)) this.faults.set(kind, (this.faults.get(kind) ?? 0) + times);
    for (const finding of hunted.findings) count(this.findings, finding, seed);
    for (const open of hunted.undecided) count(this.undecided, open, seed);
    const [sighting] = hunted.violations;
    if (sighting !== undefined) this.failures.push({ seed, hunted, sighting });
  }

  get json() {
    const { protocol, cases, simulatedMs, cpuMs, wallMs, commits } = this;
    const counts = (map: ReadonlyMap<string, Count>) => Object.fromEntries(map);
    return {
      protocol, cases, simulatedHours: simulatedMs / 3_600_000, wallSeconds: wallMs / 1000, cpuSeconds: cpuMs / 1000, commits,
      faults: Object.fromEntries([...this.faults].sort(([a], [b]) => a.localeCompare(b))), findings: counts(this.findings), undecided: counts(this.undecided),
    };
  }

  lines(): readonly string[] {
    const seconds = Math.max(this.wallMs, 1) / 1000;
    const verdict = this.failures.length === 0 ? 'no violation' : `${this.failures.length} cases violate a claim`;
    const speed = `${(this.cases / seconds).toFixed(1)} seeds/s, ${Math.round(this.simulatedMs / Math.max(this.cpuMs, 1))} simulated s per second and core`;
    const kinds = [...this.faults].sort(([, a], [, b]) => b - a).map(([kind, times]) => `${kind} ${times.toLocaleString('en')}`);
    return [
      `${this.protocol}: ${this.cases.toLocaleString('en')} cases, ${(this.simulatedMs / 3_600_000).toFixed(2)} simulated hours in ${seconds.toFixed(1)} s (${speed}), ${this.commits.toLocaleString('en')} commits: ${verdict}`,
      `  faults: ${kinds.join(' · ') || 'none'}`,
      ...[...this.findings].map(([check, { count: times, first }]) => `  not claimed, found in ${times} cases, first in seed ${first.seed}: ${check}: ${first.because}`),
      ...[...this.undecided].map(([check, { count: times, first }]) => `  not judged in ${times} cases, first in seed ${first.seed}: ${check}: ${first.because}`),
    ];
  }
}

function count(map: Map<string, Count>, { check, because }: Sighting, seed: string): void {
  const known = map.get(check);
  if (known === undefined) map.set(check, { count: 1, first: { seed, because } });
  else known.count++;
}
