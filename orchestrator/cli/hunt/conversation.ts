// The conversation around a violation: the case is run once more with every message, and what came right before is drawn.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AnyProtocol } from '../../../node/contract.ts';
import type { HuntCase } from '../../hunt/case.ts';
import { runCase } from '../../hunt/run.ts';
import type { Hunted, Nouns, Sighting } from '../../hunt/run.ts';
import type { LabEvent } from '../../kinds.ts';
import { spaceTimePage } from '../../report/space-time-page.ts';
import { spaceTimeText } from '../../report/space-time-text.ts';
import { aroundViolation } from '../../report/space-time-window.ts';
import { spaceTimeOf } from '../../report/space-time.ts';
import { NODE_BYTES } from '../bytes.ts';

const BEFORE_MS = 400;
/** Of the text; the page has more. */
const MAX_ITEMS = 60;
const MAX_PAGE_ITEMS = 400;

export type Conversation = { readonly hunted: Hunted; readonly text: string; readonly page: (title: string) => string };

/** About the violation of this check; else the first, or the first finding. Without any there is no conversation. */
export async function conversationOf(protocol: AnyProtocol, hunted: HuntCase, nouns: Nouns, check?: string): Promise<Conversation> {
  const events: LabEvent[] = [];
  let nodes: readonly string[] = [];
  const done = await runCase(NODE_BYTES, protocol, hunted, {
    nouns, detail: 'messages', see: (event, plan) => {
      events.push(event);
      nodes = plan.nodes.map(({ id }) => id);
    },
  });
  const all = [...done.violations, ...done.findings];
  const seen = all.find((sighting) => sighting.check === check) ?? all[0];
  if (seen === undefined) return { hunted: done, text: '', page: () => '' };
  const view = viewOf(seen, events);
  const diagram = (maxItems: number) => spaceTimeOf(events, { ...view, nodes, detail: 'messages', maxItems });
  return {
    hunted: done, text: spaceTimeText(diagram(MAX_ITEMS)),
    page: (title) => spaceTimePage(diagram(MAX_PAGE_ITEMS), title, [`${seen.check}: ${seen.because}`, `${done.hunted.nodes} nodes, ${done.hunted.faults.length} faults, seed ${done.hunted.seed}.`]),
  };
}

function viewOf(seen: Sighting, events: readonly LabEvent[]): ReturnType<typeof aroundViolation> {
  return aroundViolation({ claim: null, valid: false, ...seen }, events, BEFORE_MS);
}

export function writePage(file: string, page: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, page);
}
