// Mechanical mutants of a protocol's own files, by their syntax tree: each persist deleted, each comparison flipped, each guard
// dropped, each quorum off by one. No judgement: whether a mutant matters is for the tests to say.
import { join } from 'node:path';
import { API } from 'typescript/unstable/sync';
import { SyntaxKind, type Node, type SourceFile } from 'typescript/unstable/ast';
import {
  isBinaryExpression, isBlock, isCallExpression, isExpressionStatement, isIdentifier, isIfStatement, isPropertyAccessExpression,
} from 'typescript/unstable/ast/is';
import type { Replacement } from '../planting.ts';
import { projectFiles, ROOT } from '../tree.ts';

export type Mutant = Replacement & {
  readonly kind: 'persist deleted' | 'comparison flipped' | 'guard dropped' | 'quorum off by one';
  readonly at: number;
  /** From 1. */
  readonly line: number;
  /** That line, without the space around it. */
  readonly code: string;
};

type Change = Pick<Mutant, 'kind' | 'to'>;

const FLIPPED: { readonly [operator: string]: string } = { '<': '<=', '<=': '<', '>': '>=', '>=': '>', '===': '!==', '!==': '===' };
/** They return how many of so many members suffice. */
const QUORUM_SIZES = new Set(['majorityOf', 'sizeOf']);
const LEAVING = new Set([SyntaxKind.ReturnStatement, SyntaxKind.ContinueStatement, SyntaxKind.BreakStatement, SyntaxKind.ThrowStatement]);

/** `if (…) return`, also in a block and after other statements of it. */
function isGuard(node: Node): boolean {
  if (!isIfStatement(node) || node.elseStatement !== undefined) return false;
  const then = node.thenStatement;
  const last = isBlock(then) ? then.statements.at(-1) : then;
  return last !== undefined && LEAVING.has(last.kind);
}

function isPersist(node: Node): boolean {
  return isExpressionStatement(node) && isCallExpression(node.expression)
    && isPropertyAccessExpression(node.expression.expression) && node.expression.expression.name.text === 'persist';
}

/** What may be put in the place of this node. */
function changesOf(node: Node, text: string): readonly Change[] {
  if (isPersist(node)) return [{ kind: 'persist deleted', to: ';' }];
  if (isGuard(node)) return [{ kind: 'guard dropped', to: ';' }];
  if (isBinaryExpression(node)) {
    const flipped = FLIPPED[node.operatorToken.getText()];
    if (flipped === undefined) return [];
    return [{ kind: 'comparison flipped', to: `${node.left.getText()} ${flipped} ${node.right.getText()}` }];
  }
  if (isCallExpression(node) && isIdentifier(node.expression) && QUORUM_SIZES.has(node.expression.text)) {
    return ['-', '+'].map((sign) => ({ kind: 'quorum off by one', to: `(${text} ${sign} 1)` }));
  }
  return [];
}

function mutantsOf(file: string, source: SourceFile): readonly Mutant[] {
  const found: Mutant[] = [];
  const lines = source.text.split('\n');
  const visit = (node: Node) => {
    const at = node.getStart(source);
    const from = source.text.slice(at, node.end);
    const line = source.text.slice(0, at).split('\n').length;
    for (const change of changesOf(node, from)) found.push({ file: `/${file}`, at, from, line, code: (lines[line - 1] ?? '').trim(), ...change });
    node.forEachChild(visit);
  };
  visit(source);
  return found;
}

/** In the order of the files and of the places in them. */
export function mutants(protocol: string): readonly Mutant[] {
  const own = new RegExp(`^node/protocols/${protocol}(/.*)?(?<!\\.test)\\.ts$`);
  const api = new API({ cwd: ROOT });
  try {
    const project = api.updateSnapshot({ openProjects: ['node/tsconfig.json'] }).getProjects()[0];
    return projectFiles().filter((file) => own.test(file)).flatMap((file) => {
      const source = project?.program.getSourceFile(join(ROOT, file));
      if (source === undefined) throw new Error(`${file} is no file of node/tsconfig.json`);
      return mutantsOf(file, source);
    });
  } finally {
    api.close();
  }
}
