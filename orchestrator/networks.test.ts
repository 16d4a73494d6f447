// The network of an experiment: a profile, some of its regions, or a file of the user's own, which the plan then holds.
import { expect, test } from 'vitest';
import { BUILTINS } from './builtins.ts';
import { LabError } from './errors.ts';
import { parseExperiment } from './experiment.ts';
import type { ReadFile } from './files.ts';
import type { Plan } from './kinds.ts';
import { makePlans } from './plan.ts';

const FILES: { readonly [path: string]: string } = {
  './ring.csv': 'rtt,east,west,north\neast,1,20,30\nwest,20,1,44\nnorth,30,40,',
  'ways.json': '{ "name": "ways", "unit": "one-way", "regions": ["up", "down"], "ms": [[0, 7], [18, 0]] }',
  './bad.csv': 'rtt,a\na,x',
};
const readFile: ReadFile = (path) => {
  const text = FILES[path];
  return text === undefined ? { problem: `${path}: there is no such file`, remedy: 'give a path' } : { place: path.replace('./', 'here/'), text, sha256: 'f00d' };
};

function plansOf(text: string): readonly Plan[] {
  return makePlans(parseExperiment(`name: a\nprotocols: [raft]\n${text}`, 'x.yaml', BUILTINS, [], readFile), { runner: 'sim', supports: new Set() });
}

function planOf(text: string): Plan {
  return plansOf(text)[0]!;
}

const regionsOf = ({ nodes }: Plan) => nodes.map(({ region }) => region);
const delay = ({ links }: Plan, from: string, to: string) => links[from]?.[to]?.delayMs;

test('a count of nodes takes the first of the named regions', () => {
  const plan = planOf('nodes: 3\nnetwork: { wan: ibm-cloud, regions: [tokyo, osaka, sydney, dallas] }');
  expect(regionsOf(plan)).toEqual(['tokyo', 'osaka', 'sydney']);
  expect(delay(plan, 'n1', 'n2')).toBe(4.5);
  expect(regionsOf(planOf('nodes: 3\nnetwork: { wan: ibm-cloud, regions: [tokyo, osaka] }'))).toEqual(['tokyo', 'osaka', 'tokyo']);
  expect(plansOf('nodes: 2\nsweep: { network.regions: [[tokyo, osaka], [london, madrid]] }\nnetwork: { wan: ibm-cloud }').map(regionsOf)).toEqual([['tokyo', 'osaka'], ['london', 'madrid']]);
});

test('a matrix file is the network: its delays are in the plan, its name and hash in the source, its gaps in the warnings', () => {
  const plan = planOf('nodes: [north, west, east]\nnetwork: { wan: ./ring.csv }');
  expect(delay(plan, 'n1', 'n2')).toBe(21);
  expect(delay(plan, 'n2', 'n1')).toBe(21);
  expect(delay(plan, 'n1', 'n3')).toBe(15);
  expect(delay(plan, 'n1', 'north')).toBe(0.05);
  expect(plan.network).toEqual({ profile: 'ring.csv', source: 'ring.csv, sha256 f00d; given and chosen; within chosen: 0.1 ms round trip, as between machines of one zone' });
  expect(plan.warnings).toEqual(['here/ring.csv: no delay within north: taken as 0.1 ms round trip, as between machines of one zone']);
});

test('a file with one-way delays keeps each direction, and takes scale, links and regions as a profile does', () => {
  const plan = planOf('nodes: 2\nnetwork: { wan: ways.json, scale: 2, regions: [down, up], links: { "up -> down": { loss: 1% } } }');
  expect(plan.network).toEqual({ profile: 'ways', source: 'ways.json, sha256 f00d; given' });
  expect([delay(plan, 'n1', 'n2'), delay(plan, 'n2', 'n1')]).toEqual([36, 14]);
  expect([plan.links['n1']?.['n2']?.lossPct, plan.links['n2']?.['n1']?.lossPct]).toEqual([0, 1]);
});

test('the links of a profile are its own but for what the experiment says of them', () => {
  const { links } = planOf('nodes: 3\nnetwork: { wan: leo-satellite, links: { "n1 -> n2": { loss: 0% }, "n1 -> n3": { delay: 9ms, jitter: 1ms }, "n2 -> n1": { loss: 3% } } }');
  expect(links['n2']?.['n3']).toMatchObject({ delayMs: 25, jitterMs: 5, distribution: 'pareto', lossBurst: 10, order: 'keep' });
  expect(links['n1']?.['n2']).toMatchObject({ delayMs: 25, jitterMs: 5, lossPct: 0, lossBurst: null });
  expect(links['n1']?.['n3']).toMatchObject({ delayMs: 9, jitterMs: 1, lossBurst: 10 });
  expect(links['n2']?.['n1']).toMatchObject({ lossPct: 3, lossBurst: 10 });
  // HTTP runs over TCP: nothing but delay.
  expect(links['leo']?.['n1']).toMatchObject({ delayMs: 25, jitterMs: 0, lossPct: 0, lossBurst: null });
});

test.each([
  ['an unknown network', 'network: { wan: global5 }', 'x.yaml:3:17: network.wan: unknown network "global5"', 'did you mean global-5?'],
  ['a missing file', 'network: { wan: ./no.csv }', 'x.yaml:3:17: network.wan: ./no.csv: there is no such file', 'give a path'],
  ['a wrong file', 'network: { wan: ./bad.csv }', 'here/bad.csv:2:3: "x" is not a number', 'milliseconds'],
  ['an unknown region', 'network: { wan: ibm-cloud, regions: [tokyo, osakka] }', 'x.yaml:3:45: network.regions.1: "osakka" is not a region of the network ibm-cloud', 'did you mean osaka?'],
  ['a region twice', 'network: { wan: ibm-cloud, regions: [tokyo, tokyo] }', 'x.yaml:3:45: network.regions.1: a second tokyo', 'once'],
  ['no region', 'network: { wan: ibm-cloud, regions: [] }', 'x.yaml:3:37: network.regions: [] is too small', 'at least 1'],
  ['a node outside of the named regions', 'nodes: [dallas]\nnetwork: { wan: ibm-cloud, regions: [tokyo] }', 'x.yaml:3:9: nodes.0: "dallas" is not a region', 'tokyo'],
])('%s is refused', (_, text, message, hint) => {
  let refusal: unknown;
  try {
    plansOf(text);
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(LabError);
  expect(refusal).toMatchObject({ code: 'bad-experiment', message: expect.stringContaining(message), hint: expect.stringContaining(hint) });
});
