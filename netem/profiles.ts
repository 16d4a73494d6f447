// Named networks, as data files with source and date: round trips between regions. A link between two regions takes half of
// their mean round trip each way; the diagonal is the network inside a region.
import aws5 from './profiles/aws-5.json' with { type: 'json' };
import lan from './profiles/lan.json' with { type: 'json' };

export type Profile = {
  readonly name: string;
  readonly summary: string;
  /** What is measured and what is chosen. */
  readonly basis: string;
  readonly source: string;
  readonly period: string;
  readonly retrieved: string;
  readonly regions: readonly string[];
  /** From row to column, as the source has it. */
  readonly rttMs: readonly (readonly number[])[];
};

export const PROFILES: readonly Profile[] = [lan, aws5];

/** From one region of the profile to another; both must be in it. */
export function oneWayMs(profile: Profile, from: string, to: string): number {
  const row = profile.regions.indexOf(from);
  const column = profile.regions.indexOf(to);
  const there = profile.rttMs[row]?.[column];
  const back = profile.rttMs[column]?.[row];
  if (there === undefined || back === undefined) throw new Error(`assertion: ${from} and ${to} are regions of ${profile.name}`);
  return (there + back) / 4;
}
