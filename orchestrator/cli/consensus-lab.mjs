#!/usr/bin/env node
// The bin of the package: starts the lab on the Node that the package pins; where that is not installed, on the Node that
// runs this file if it is new enough. Plain JavaScript of long ago, so that an old Node can say in one line that it is old.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

/** In a checkout there is no dist/. */
const emitted = fileURLToPath(new URL('../../dist/orchestrator/cli/main.js', import.meta.url));
const main = existsSync(emitted) ? emitted : fileURLToPath(new URL('main.ts', import.meta.url));

/** The binary of the pinned Node, or null: this platform has none, or it was left out. */
function pinnedNode() {
  try {
    return createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/bin/node`);
  } catch {
    return null;
  }
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const pinned = pinnedNode();
const node = pinned ?? (major > 22 || (major === 22 && minor >= 18) ? process.execPath : null);
if (node === null) {
  process.stderr.write(`error: the lab needs Node 22.18 or newer; here is ${process.version}\n`
    + '  hint: install a newer Node; on Linux x64 and arm64 the package brings one along, unless --omit=optional was given\n');
  process.exit(4);
}
const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
// Ctrl-C in a terminal reaches the lab by itself; what is sent to this process alone is passed on.
process.on('SIGINT', () => undefined);
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  process.stderr.write(`error: ${node} cannot be started (${error.message})\n  hint: install the package again\n`);
  process.exit(4);
});
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
