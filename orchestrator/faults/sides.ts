// Two sides of the links between nodes, as a fault's words: 'n1 -> n2 n3' what n1 sends to them, 'n1 - n2' both ways. '*' on one
// side is everybody else, '* - *' every link.
import { z } from 'zod';
import type { LinkChange } from '../../netem/overlay.ts';
import type { Action, Side } from '../kinds.ts';
import { positiveDuration, shown } from '../units.ts';
import { selectorOf } from './selector.ts';

const FORM = 'write n1 -> n2 (one way) or n1 - n2 (both ways), with nodes, regions, leader or *';

type Sides = { readonly left: readonly string[]; readonly right: readonly string[]; readonly both: boolean };

function readSides(text: string): Sides | null {
  const [, left = '', arrow, right = ''] = /^(.+?)\s+(->|-)\s+(.+)$/.exec(text.trim()) ?? [];
  const words = (side: string) => side.split(/[\s,]+/).filter((word) => word !== '');
  const sides = { left: words(left), right: words(right), both: arrow === '-' };
  const whole = [...sides.left, ...sides.right].every((word) => word !== '->' && word !== '-' && word !== '|');
  const alone = [sides.left, sides.right].every((side) => !side.includes('*') || side.length === 1);
  return arrow !== undefined && sides.left.length > 0 && sides.right.length > 0 && whole && alone ? sides : null;
}

export const sidesParam = z.string().refine((text) => readSides(text) !== null, { error: (issue) => `${shown(issue.input)} names no links\n${FORM}` });

/** One way each. */
function sidesOf(text: string): readonly Side[] {
  const sides = readSides(text);
  if (sides === null) return [];
  const { left, right, both } = sides;
  const everyLink = left.includes('*') && right.includes('*');
  const one = (from: readonly string[], to: readonly string[]): Side => {
    const senders = from.includes('*') ? ['all'] : from.map(selectorOf);
    if (!to.includes('*')) return { from: senders, to: to.map(selectorOf) };
    return { from: senders, to: everyLink ? ['all'] : 'others' };
  };
  return both && !everyLink ? [one(left, right), one(right, left)] : [one(left, right)];
}

/** Parameters of a fault that changes links. */
export const LINK_PARAMS = { links: sidesParam.default('* - *'), for: positiveDuration.optional() };

/** Changes these links, and takes the change off after forMs. */
export function linksChanged(name: string, links: string, change: LinkChange, forMs: number | undefined): readonly { readonly afterMs: number; readonly action: Action }[] {
  const changes = sidesOf(links).map((side) => ({ ...side, change }));
  const begin = { afterMs: 0, action: { type: 'links', overlay: name, changes } } as const;
  return forMs === undefined ? [begin] : [begin, { afterMs: forMs, action: { type: 'links', overlay: name, changes: null } }];
}
