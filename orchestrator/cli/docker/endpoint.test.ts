// DOCKER_HOST goes before a context, a context before the usual sockets; what cannot be used is said in one line.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findEndpoint } from './endpoint.ts';

let home = '';
beforeEach(() => { home = mkdtempSync(join(tmpdir(), 'lab-endpoint-')); });
afterEach(() => rmSync(home, { recursive: true }));

function context(name: string, host: string, certificates: boolean): void {
  const id = createHash('sha256').update(name).digest('hex');
  const meta = join(home, '.docker/contexts/meta', id);
  mkdirSync(meta, { recursive: true });
  writeFileSync(join(meta, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }));
  if (!certificates) return;
  const tls = join(home, '.docker/contexts/tls', id, 'docker');
  mkdirSync(tls, { recursive: true });
  for (const file of ['ca', 'cert', 'key']) writeFileSync(join(tls, `${file}.pem`), `the ${file}`);
}

test('DOCKER_HOST is a socket or an address', () => {
  expect(findEndpoint({ DOCKER_HOST: 'unix:///run/d.sock' }, home).connection).toEqual({ socketPath: '/run/d.sock' });
  expect(findEndpoint({ DOCKER_HOST: '127.0.0.1:4243' }, home).connection).toEqual({ protocol: 'http', host: '127.0.0.1', port: 4243 });
});

test('the context in use is followed, with its certificates, and DOCKER_HOST goes before it', () => {
  context('mine', 'tcp://127.0.0.1', true);
  writeFileSync(join(home, '.docker/config.json'), '{"currentContext":"mine"}');
  expect(findEndpoint({}, home)).toEqual({ url: 'tcp://127.0.0.1', connection: { protocol: 'https', host: '127.0.0.1', port: 2376, ca: 'the ca', cert: 'the cert', key: 'the key' } });
  expect(findEndpoint({ DOCKER_HOST: 'unix:///run/d.sock' }, home).url).toBe('unix:///run/d.sock');
});

test('DOCKER_CONTEXT goes before the one in use; default is none', () => {
  context('mine', 'unix:///run/mine.sock', false);
  context('other', 'unix:///run/other.sock', false);
  writeFileSync(join(home, '.docker/config.json'), '{"currentContext":"mine"}');
  expect(findEndpoint({ DOCKER_CONTEXT: 'other' }, home).url).toBe('unix:///run/other.sock');
  expect(findEndpoint({ DOCKER_CONTEXT: 'default', XDG_RUNTIME_DIR: home }, home).url).toMatch(/docker\.sock$/);
});

test.each([
  [{ DOCKER_HOST: 'ssh://somewhere' }, 'DOCKER_HOST names "ssh://somewhere"'],
  [{ DOCKER_HOST: 'unix://' }, 'DOCKER_HOST names "unix://"'],
  [{ DOCKER_CONTEXT: 'gone' }, 'no Docker context called gone'],
  [{ DOCKER_HOST: 'tcp://127.0.0.1', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/nowhere' }, 'certificates for Docker cannot be read in /nowhere'],
])('%o is refused', (env, message) => {
  expect(() => findEndpoint(env, home)).toThrow(message);
});
