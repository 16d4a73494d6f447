// The conformance suite over every registered protocol and the toy of docs/write-a-protocol.md; and proof that the suite
// can see: a fork that is in a protocol's document, and a toy whose author broke a rule of the contract.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AnyProtocol } from '../node/contract.ts';
import { stick } from '../node/protocols/stick.ts';
import { toy } from '../node/protocols/toy.ts';
import { PROTOCOLS } from '../node/registry.ts';
import { scenesOf, TROUBLED } from '../orchestrator/conformance/scenes.ts';
import { findings, violations } from '../orchestrator/conformance/trial.ts';
import { crashes } from '../orchestrator/conformance/trouble.ts';
import { conformance } from './conformance.ts';
import { answeringBeforeDurable, persistingNothingAt, tellingBeforeDurable } from './tamper.ts';
import { runTrial } from './trial.ts';

for (const protocol of [...PROTOCOLS, toy]) conformance(protocol);
for (const variant of ['ack', 'literal']) {
  conformance({ ...stick, name: `${stick.name} ${variant}`, defaults: { ...stick.defaults, variant }, reconfigurable: variant !== 'literal' });
}

test('the toy is an example, not a product', () => {
  expect(PROTOCOLS.map(({ name }) => name)).not.toContain(toy.name);
});

test('the toy on the page for authors is the one that conforms', () => {
  const root = join(import.meta.dirname, '..');
  const page = readFileSync(join(root, 'docs/write-a-protocol.md'), 'utf8');
  const [, shown] = /<!-- node\/protocols\/toy\.ts -->\n```ts\n([\s\S]*?)```\n/.exec(page) ?? [];
  expect(shown).toBe(readFileSync(join(root, 'node/protocols/toy.ts'), 'utf8'));
});

test('STICK as written forks by message loss alone, and the agreement check finds it', async () => {
  // No crash, no skew: a Consensus datagram is lost on the way to both others (three servers).
  const outcome = await runTrial(stick, { seed: 'h1-0', nodes: 3, options: { variant: 'literal' }, link: { lossPct: 5 }, measureMs: 600_000, ratePerSecond: 3 });
  expect(findings(outcome).filter((finding) => finding.startsWith('prefix-agreement: '))).toHaveLength(1);
  expect(violations(outcome)).toEqual([]);
});

describe('a broken toy is caught:', () => {
  const caught = async (broken: AnyProtocol) => {
    const seen: string[] = [];
    for (const seed of ['1', '2', '3', '4', '5', '6', '7', '8']) seen.push(...violations(await runTrial(broken, { ...TROUBLED, seed, actions: crashes(seed) })));
    return seen.join('\n');
  };

  test('it sends what is not yet durable', async () => {
    expect(await caught(answeringBeforeDurable(toy))).toMatch(/prefix-agreement|durability/);
  });

  test('it says more than is durable, in a conversation of few steps that the explorer finds', async () => {
    const scene = scenesOf(toy).find(({ title }) => title.includes('every short conversation'));
    expect(await scene?.run(tellingBeforeDurable(toy), '1', runTrial)).toMatchObject({ problems: [expect.stringMatching(/^agreement: slot 1: .* \(after \d steps/)] });
  });

  test('its leader counts itself without having persisted', async () => {
    expect(await caught(persistingNothingAt(toy, 'n1'))).toMatch(/prefix-agreement|durability/);
  });
});
