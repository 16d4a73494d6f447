// The scenes that every protocol must stand, as tests. What a protocol does not claim is run all the same, and what was found
// is told beside the test. No protocol's name appears.
//
// A failing seed is in the test's name and can be run alone: LAB_SEED=… vitest run test/conformance.test.ts -t '…'
import { describe, expect, test } from 'vitest';
import type { TestContext } from 'vitest';
import type { AnyProtocol } from '../node/contract.ts';
import { type ConformanceScene, scenesOf } from '../orchestrator/conformance/scenes.ts';
import { runTrial } from './trial.ts';

const SEEDS = ['1', '2', '3', process.env['LAB_SEED'] ?? `fresh-${Date.now()}`];

/** Registers the tests of one protocol. */
export function conformance(protocol: AnyProtocol): void {
  const expectScene = async (scene: ConformanceScene, seed: string, context: TestContext) => {
    const { problems, found } = await scene.run(protocol, seed, runTrial);
    for (const finding of found) await context.annotate(`not claimed, found: ${finding}`);
    expect(problems).toEqual([]);
  };
  describe(`${protocol.name} conforms`, () => {
    for (const scene of scenesOf(protocol)) {
      if (scene.seeded) test.for(SEEDS)(`${scene.title} (seed %s)`, (seed, context) => expectScene(scene, seed, context));
      else test(scene.title, (context) => expectScene(scene, '1', context));
    }
  });
}
