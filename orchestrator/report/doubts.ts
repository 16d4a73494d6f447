// What makes a run no baseline although it counts: the generator or a node was a bottleneck at times, the load kept step with the
// protocol, the network was late. Every view that shows its figures says so.
import type { Summary } from '../kinds.ts';

/** Without what stands elsewhere: why it is invalid, and what its verdicts say. */
export function doubtsOf({ baseline, invalid, verdicts }: Summary): readonly string[] {
  const elsewhere = new Set([...invalid, 'the run was interrupted', ...verdicts.flatMap(({ check }) => [`${check} is violated`, `${check} is not decided`])]);
  return baseline.because.filter((reason) => !elsewhere.has(reason));
}
