// What a node's container of docker-compose.yml runs: node compose.mjs n1. A life's configuration is made, and main.ts takes it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { argv, env, exit, stderr } from 'node:process';
import { Failure } from './failure.ts';
import { nextConfig } from './in-container.ts';

const PLACE = { secrets: '/run/secrets', kept: '/var/lib/consensus-lab' };
/** In memory: it holds the token. */
const CONFIG = '/tmp/config.json';

try {
  const config = nextConfig(argv[2] ?? '', env['NODES'] ?? '', PLACE);
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  writeFileSync(CONFIG, JSON.stringify(config), { mode: 0o600 });
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  stderr.write(`${argv[2]}: ${error.message}\n`);
  exit(error.exit);
}
argv[2] = CONFIG;
await import('./main.ts');
