// What recorded scenarios, run again by a protocol that has a planted error, show of it: two values committed in one slot, or a node
// that at the end has committed less than recorded.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyProtocol } from '../node/contract.ts';
import { runScenario } from './scenario.ts';

function forks(conversation: string): boolean {
  const values = new Map<string, string>();
  for (const [, epoch, slot = '', id] of conversation.matchAll(/^ {2}commits (\d+)\.(\d+) (.+)$/gm)) {
    const value = `${epoch} ${id}`;
    if ((values.get(slot) ?? value) !== value) return true;
    values.set(slot, value);
  }
  return false;
}

/** What the nodes have committed in the last status, as text. */
function committedAtEnd(conversation: string): readonly number[] {
  const [last = ''] = conversation.split(/^status$/m).slice(-1);
  return [...last.matchAll(/, committed (\d+)$/gm)].map(([, count]) => Number(count));
}

function isBehind(conversation: string, recorded: string): boolean {
  const expected = committedAtEnd(recorded);
  return committedAtEnd(conversation).some((count, index) => count < (expected[index] ?? 0));
}

/** Names. One that a planted error leads off its recorded path before anything shows is none. */
function scenariosThat(protocol: AnyProtocol, show: (conversation: string, recorded: string) => boolean): readonly string[] {
  const folder = join(import.meta.dirname, '../node/protocols/scenarios', protocol.name);
  return globSync('*.txt', { cwd: folder }).sort().filter((scenario) => {
    try {
      const recorded = readFileSync(join(folder, scenario), 'utf8');
      return show(runScenario(protocol, recorded), recorded);
    } catch {
      return false;
    }
  });
}

export function forkingScenarios(protocol: AnyProtocol): readonly string[] {
  return scenariosThat(protocol, forks);
}

/** Those that fork though they did not, or leave a node behind. */
export function telltaleScenarios(protocol: AnyProtocol): readonly string[] {
  return scenariosThat(protocol, (conversation, recorded) => forks(conversation) !== forks(recorded) || isBehind(conversation, recorded));
}
