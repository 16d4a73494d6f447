// Which nodes a fault's words mean: a node, a region, or whoever leads when the fault happens.
import { z } from 'zod';
import type { NodeId } from '../../node/contract.ts';
import type { Selector } from '../kinds.ts';
import { shown } from '../units.ts';

const KEYWORDS = ['leader', 'any-follower', 'any', 'all', 'spare'] as const;

export function looksLikeNode(word: string): boolean {
  return /^n\d+$/.test(word);
}

/** A word that is no keyword and does not look like a node names a region; planning checks that it exists. */
export function selectorOf(word: string): Selector {
  if (KEYWORDS.some((keyword) => keyword === word) || looksLikeNode(word)) return word;
  return { region: word };
}

/** Those that a selector names before anything has happened; null: only the run decides. */
export function fixedNodes(selector: Selector, nodes: readonly { readonly id: NodeId; readonly region: string; readonly joining?: true }[]): readonly NodeId[] | null {
  // Spares may have joined by then, and others may have left.
  if (typeof selector !== 'string') return nodes.filter(({ region, joining }) => region === selector.region && joining !== true).map(({ id }) => id);
  if (selector === 'all') return nodes.flatMap(({ id, joining }) => (joining === true ? [] : id));
  return KEYWORDS.some((keyword) => keyword === selector) ? null : nodes.filter(({ id }) => id === selector).map(({ id }) => id);
}

export const selectorParam = z.string().regex(/^\S+$/, { error: (issue) => `${shown(issue.input)} is not one node\nwrite a node (n1), a region, leader, any-follower, any, all or spare` });
