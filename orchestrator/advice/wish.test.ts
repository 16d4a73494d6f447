// What is asked of `lab advise`: places, weights and how many may be down, and what each mistake is answered with.
import { expect, test } from 'vitest';
import { PROFILES } from '../../netem/profiles.ts';
import { named } from '../builtins.ts';
import { clientsOf, nodesOf } from './wish.ts';

const aws = named(PROFILES, 'aws-5', 'network');
const lan = named(PROFILES, 'lan', 'network');

test('nodes stand one in each region, or where they are told to', () => {
  expect(nodesOf(undefined, 1, aws)).toEqual(aws.regions);
  expect(nodesOf('eu-west-1, us-east-1,us-east-1', 1, aws)).toEqual(['eu-west-1', 'us-east-1', 'us-east-1']);
  expect(nodesOf(undefined, 2, lan)).toHaveLength(5);
  expect(nodesOf('7', 3, aws)).toHaveLength(7);
});

test('clients have weights, and are everywhere where nothing is said', () => {
  expect(clientsOf('us-east-1:4,eu-west-1', ['us-east-1'], aws)).toEqual({ 'us-east-1': 4, 'eu-west-1': 1 });
  expect(clientsOf(undefined, ['us-east-1', 'us-east-1'], aws)).toEqual({ 'us-east-1': 1 });
});

test.each([
  [() => nodesOf('us-east-1,us-west-9,eu-west-1', 1, aws), '"us-west-9" is not a region of aws-5', 'known'],
  [() => nodesOf(undefined, 3, aws), '5 nodes go on with at most 2 down', '--nodes 7'],
  [() => nodesOf('1', 1, aws), '1 node goes on with at most 0 down', '--nodes 3'],
  [() => nodesOf('1000000', 1, aws), 'up to 9 nodes', '--nodes us-east-1,'],
  [() => nodesOf(undefined, 1, named(PROFILES, 'aws-21', 'network')), 'aws-21 has 21 regions', '--nodes'],
  [() => clientsOf('mars:1', [], aws), '"mars" is not a region', ''],
  [() => clientsOf('us-east-1:0', [], aws), '"us-east-1:0" has no weight that counts', 'us-east-1:4'],
  [() => clientsOf('us-east-1:1:2', [], aws), 'has no weight', 'us-east-1:4'],
  [() => clientsOf('us-east-1:1e9', [], aws), 'has no weight', '10000'],
  [() => clientsOf('us-east-1:1,us-east-1:2', [], aws), 'us-east-1 is given twice', 'once'],
])('a mistake is answered in a line with a remedy (%#)', (ask, message, hint) => {
  try {
    ask();
  } catch (error) {
    expect(error).toMatchObject({ code: 'bad-command-line', message: expect.stringContaining(message) as string, hint: expect.stringContaining(hint) as string });
    return;
  }
  throw new Error('it was accepted');
});
