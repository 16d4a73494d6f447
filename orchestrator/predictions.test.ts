// `predicted` of an experiment: which protocol and which combination of a sweep it is for, and every mistake in it with its place.
import { describe, expect, test } from 'vitest';
import { BUILTINS } from './builtins.ts';
import { LabError } from './errors.ts';
import { parseExperiment } from './experiment.ts';
import { makePlans } from './plan.ts';

const SWEPT = `name: a
protocols: [raft, { paxos: {}, as: wide }]
network: { links: { "* - *": { loss: 1% } } }
sweep: { nodes: [3, 5], "network.links.* - *.loss": [1%, 2%] }
`;

function predictionsOf(text: string, overrides: readonly string[] = []) {
  const plans = makePlans(parseExperiment(text, 'x.yaml', BUILTINS, overrides), { runner: 'sim', supports: new Set() });
  return Object.fromEntries(plans.map(({ label, predictions }) => [label, predictions]));
}

function errorOf(text: string): string {
  try {
    parseExperiment(text, 'x.yaml', BUILTINS);
  } catch (error) {
    if (error instanceof LabError) return `${error.message} | ${error.hint}`;
    throw error;
  }
  throw new Error('the experiment was accepted');
}

test('a prediction is for the labels and the combination that it names, in the unit of its figure', () => {
  expect(predictionsOf(`${SWEPT}predicted:
  - { of: wide, when: { nodes: 3, "network.links.* - *.loss": 2% }, commit.p50: 1.2s, violated.agreement: 15% }
  - { of: [raft], when: { nodes: 5 }, throughput: 60/m, errors: 3 }`)).toEqual({
    'wide@nodes=3,loss=2%': [{ figure: 'commit.p50', value: 1200 }, { figure: 'violated.agreement', value: 15 }],
    'raft@nodes=5,loss=1%': [{ figure: 'throughput', value: 1 }, { figure: 'errors', value: 3 }],
    'raft@nodes=5,loss=2%': [{ figure: 'throughput', value: 1 }, { figure: 'errors', value: 3 }],
    'raft@nodes=3,loss=1%': undefined, 'raft@nodes=3,loss=2%': undefined, 'wide@nodes=3,loss=1%': undefined, 'wide@nodes=5,loss=1%': undefined, 'wide@nodes=5,loss=2%': undefined,
  });
});

test('without labels and conditions it is for all', () => {
  const both = [{ figure: 'rounds.yield', value: 67 }];
  expect(predictionsOf('name: a\nprotocols: [raft, paxos]\npredicted: [{ rounds.yield: 67% }]')).toEqual({ raft: both, paxos: both });
});

test('what --set takes away leaves its predictions without a place, and that is no mistake', () => {
  const text = `${SWEPT}predicted: [{ of: wide, when: { nodes: 5 }, errors: 0 }]`;
  expect(predictionsOf(text, ['sweep={}', 'nodes=3'])).toEqual({ raft: undefined, wide: undefined });
  expect(predictionsOf(text, ['protocols=[stick]', 'sweep={}'])).toEqual({ stick: undefined });
});

describe('a mistake is shown with its place and the remedy', () => {
  test.each([
    ['an unknown label', '{ of: wied, errors: 0 }', 'x.yaml:5:19: predicted.0.of: there is no protocol "wied" in this experiment', 'did you mean wide?'],
    ['an unknown label in a list', '{ of: [raft, wied], errors: 0 }', 'x.yaml:5:26: predicted.0.of.1: there is no protocol "wied"', 'did you mean wide?'],
    ['a label that is none', '{ of: 3, errors: 0 }', 'x.yaml:5:19: predicted.0.of: 3 is not a label', 'one of raft, wide'],
    ['an unknown figure', '{ commit.p51: 3ms }', 'x.yaml:5:15: predicted.0.commit.p51: unknown figure "commit.p51"', 'did you mean commit.p5'],
    ['an unknown claim', '{ violated.agreemnt: 3% }', 'x.yaml:5:15: predicted.0.violated.agreemnt: unknown figure', 'did you mean violated.agreement?'],
    ['a wrong unit', '{ commit.p50: 3/s }', 'x.yaml:5:27: predicted.0.commit.p50: "3/s" is not a duration', 'units: us, ms'],
    ['a missing unit', '{ throughput: 22 }', 'x.yaml:5:27: predicted.0.throughput: "22" has no unit', 'write 22/s'],
    ['more than all', '{ violated.durability: 120% }', 'x.yaml:5:36: predicted.0.violated.durability: "120%" is more than 100%', 'between 0% and 100%'],
    ['no value', '{ errors: [1] }', 'x.yaml:5:23: predicted.0.errors: [1] is not a value', 'with its unit'],
    ['no figure', '{ of: raft }', 'x.yaml:5:13: predicted.0: no figure is predicted', 'throughput: 22/s'],
    ['conditions that are no mapping', '{ when: 3, errors: 0 }', 'x.yaml:5:21: predicted.0.when: 3 is not a mapping', 'when: { nodes: 3 }'],
    ['a path that is not there', '{ when: { noodes: 3 }, errors: 0 }', 'x.yaml:5:23: predicted.0.when.noodes: there is nothing at "noodes"', 'a path that the sweep sets'],
    ['a value that no combination has', '{ when: { nodes: 4 }, errors: 0 }', 'predicted.0.when.nodes: 4 in no combination of the sweep', 'there it is 3, 5'],
  ])('%s', (_, entry, message, hint) => {
    const error = errorOf(`${SWEPT}predicted: [${entry}]`);
    expect(error).toContain(message);
    expect(error.split(' | ')[1]).toContain(hint);
  });

  test('a sweep over predictions', () => {
    expect(errorOf('name: a\nprotocols: [raft]\nsweep: { predicted: [[]] }')).toContain('predicted cannot be swept');
  });
});
