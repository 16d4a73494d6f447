// `lab wan`: the networks that there are, or one of them, or a user's own matrix, as a matrix with what is unusual in it.
import { analyse } from '../../netem/analysis.ts';
import { basisOf, linkBetween, PROFILES, subsetOf } from '../../netem/profiles.ts';
import type { Profile } from '../../netem/profiles.ts';
import { LabError } from '../errors.ts';
import type { Matrix } from '../matrix.ts';
import { findNetwork } from '../networks.ts';
import { renderNetwork, renderNetworks } from '../report/wan.ts';
import { didYouMean } from '../suggest.ts';
import { filesBeside } from './read-file.ts';

/** As given on the command line; undefined: not given. */
export type WanFlags = { readonly regions?: string; readonly json: boolean };

const COLUMNS = 100;

/** name: of a profile, or the path of a matrix; undefined: all profiles. Returns what is to be printed. */
export function showNetworks(name: string | undefined, flags: WanFlags): string {
  if (name === undefined) {
    if (flags.regions !== undefined) throw new LabError('bad-command-line', '--regions without a network', 'name it: lab wan ibm-cloud --regions tokyo,sydney');
    return flags.json ? document({ networks: PROFILES.map(inShort) }) : renderNetworks(PROFILES, COLUMNS);
  }
  const { profile, remarks } = chosenNetwork(name, flags.regions);
  return flags.json ? document({ network: inFull(profile), warnings: remarks }) : renderNetwork(profile, remarks, COLUMNS);
}

/** Throws a LabError. */
export function chosenNetwork(name: string, regions: string | undefined): Matrix {
  const refuse = (problem: string, remedy: string): never => { throw new LabError('bad-command-line', problem, remedy); };
  const found = findNetwork(name, filesBeside('here'), refuse);
  if (regions === undefined) return found;
  const chosen = regions.split(',').map((region) => region.trim());
  chosen.forEach((region, index) => {
    if (!found.profile.regions.includes(region)) refuse(`--regions: ${JSON.stringify(region)} is not a region of ${found.profile.name}`, didYouMean(region, found.profile.regions));
    if (chosen.indexOf(region) < index) refuse(`--regions: ${region} is given twice`, 'name each region once');
  });
  return { ...found, profile: subsetOf(found.profile, chosen) };
}

function document(content: object): string {
  return `${JSON.stringify({ version: 1, ...content }, null, 2)}\n`;
}

function inShort(profile: Profile): object {
  const { name, summary, regions, date, source } = profile;
  const { rtt, withinMs } = analyse(profile);
  return { name, summary, regions, basis: basisOf(profile), date, source, rtt, withinMs };
}

/** links: what each way does, as a plan has it. */
function inFull(profile: Profile): object {
  const links = Object.fromEntries(profile.regions.map((from) => [from, Object.fromEntries(profile.regions.map((to) => [to, linkBetween(profile, from, to, 1)]))]));
  return { ...profile, basis: basisOf(profile), links, analysis: analyse(profile) };
}
