// The network that an experiment names: a profile of the lab or a matrix of the user's own, whole or some of its regions.
import { PROFILES, subsetOf } from '../netem/profiles.ts';
import type { Profile } from '../netem/profiles.ts';
import type { ExperimentDocument, Path } from './document.ts';
import { fail } from './experiment.ts';
import { looksLikeNode } from './faults/selector.ts';
import type { ReadFile } from './files.ts';
import { isMatrixFile, MAX_MATRIX_BYTES, parseMatrix } from './matrix.ts';
import type { Matrix } from './matrix.ts';
import type { ExperimentShape } from './schema.ts';
import { didYouMean } from './suggest.ts';

/** name: of a profile, or the path of a matrix. refuse: takes a problem and its remedy, and throws. */
export function findNetwork(name: string, readFile: ReadFile, refuse: (problem: string, remedy: string) => never): Matrix {
  if (isMatrixFile(name)) {
    const file = readFile(name, MAX_MATRIX_BYTES);
    return 'problem' in file ? refuse(file.problem, file.remedy) : parseMatrix(file);
  }
  const profile = PROFILES.find((candidate) => candidate.name === name);
  if (profile !== undefined) return { profile, remarks: [] };
  return refuse(`unknown network ${JSON.stringify(name)}`, `${didYouMean(name, PROFILES.map((candidate) => candidate.name))}; or a file: ./my-matrix.csv`);
}

export function networkOf(network: ExperimentShape['network'], document: ExperimentDocument, readFile: ReadFile): Matrix {
  const found = findNetwork(network.wan, readFile, (problem, remedy) => fail(document, ['network', 'wan'], problem, remedy));
  const { regions } = network;
  if (regions === undefined) return found;
  regions.forEach((region, index) => {
    checkRegion(region, found.profile, document, ['network', 'regions', index], false);
    if (regions.indexOf(region) < index) fail(document, ['network', 'regions', index], `a second ${region}`, 'name each region once; nodes: may name one several times');
  });
  return { ...found, profile: subsetOf(found.profile, regions) };
}

/** key: the path's last step is a key that names the region. */
export function checkRegion(region: string, profile: Profile, document: ExperimentDocument, path: Path, key: boolean): void {
  if (profile.regions.includes(region)) return;
  const hint = looksLikeNode(region) ? `a name like n1 is a node's; regions: ${profile.regions.join(', ')}` : didYouMean(region, profile.regions);
  fail(document, path, `${JSON.stringify(region)} is not a region of the network ${profile.name}`, hint, key);
}
