// What `lab up` makes and what Compose says, without a daemon: secrets made once in a folder of their owner, the environment
// that a run finds, and one line with the remedy for each of Docker's failures.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { composeFailure, findCompose, isNewEnough, unhealthyService } from './compose.ts';
import { clusterFile } from './cluster-file.ts';
import { forgetServices, INFLUX_TOKEN, madePath, makeSecrets, noteServices, removeMade, withServices, writeMade } from './made.ts';

let root = '';
beforeEach(() => { root = mkdtempSync(join(tmpdir(), 'lab-made-')); });
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('secrets', () => {
  test('are long, all different, made once, and only their owner gets to them', () => {
    const umask = process.umask(0o077);
    try {
      makeSecrets(false, root);
    } finally {
      process.umask(umask);
    }
    const names = ['influxdb-password', INFLUX_TOKEN, 'grafana-password', 'cluster-token', 'cluster-key'];
    const read = () => names.map((name) => readFileSync(madePath(name, root), 'utf8'));
    const first = read();
    expect(first.filter((secret) => /^[0-9a-f]{48}$/.test(secret))).toHaveLength(names.length);
    expect(new Set(first).size).toBe(names.length);
    expect(statSync(join(root, '.made-by-lab-up')).mode & 0o777).toBe(0o700);
    // Each container has another user, and reads it in its own mount.
    expect(statSync(madePath(INFLUX_TOKEN, root)).mode & 0o777).toBe(0o644);
    makeSecrets(false, root);
    expect(read()).toEqual(first);
    removeMade(root);
    makeSecrets(false, root);
    expect(read().filter((secret, index) => secret === first[index])).toEqual([]);
  });

  test.skipIf(process.getuid?.() !== 0)('of root belong to the users of docker-compose.yml, and nobody else reads them', () => {
    makeSecrets(false, root);
    makeSecrets(true, root);
    const compose = parse(readFileSync(join(import.meta.dirname, '../../../docker-compose.yml'), 'utf8'), { merge: true }) as { readonly services: { readonly [name: string]: { readonly user: string; readonly secrets: readonly string[] } } };
    for (const [service, { user, secrets }] of Object.entries(compose.services)) {
      const [uid, gid] = user.split(':').map(Number);
      for (const name of secrets.filter((secret) => secret !== 'cluster.json')) {
        const file = statSync(madePath(name, root));
        expect({ service, name, reads: file.uid === uid || (file.gid === gid && (file.mode & 0o040) !== 0), others: file.mode & 0o137 }).toEqual({ service, name, reads: true, others: 0 });
      }
    }
    const modes = ['influxdb-password', INFLUX_TOKEN, 'grafana-password', 'cluster-token', 'cluster-key'].map((name) => statSync(madePath(name, root)).mode & 0o777);
    expect(modes).toEqual([0o600, 0o640, 0o600, 0o600, 0o600]);
  });

  test('are ignored by git', () => {
    expect(readFileSync(join(import.meta.dirname, '../../../.gitignore'), 'utf8').split('\n')).toContain('.made-by-lab-up/');
  });

  test('a folder that cannot be made is one line', () => {
    writeFileSync(join(root, '.made-by-lab-up'), '');
    expect(() => makeSecrets(false, root)).toThrow(/\.made-by-lab-up cannot be written \(EEXIST\)/);
  });

  test('a file that stays as it is does not count as changed', () => {
    makeSecrets(false, root);
    expect(['a', 'a', 'b'].map((text) => writeMade('cluster.json', text, root))).toEqual([true, false, true]);
  });
});

describe('what a run finds', () => {
  const SERVICES = { influxUrl: 'http://127.0.0.1:8087', grafanaUrl: 'http://127.0.0.1:3001' };
  beforeEach(() => makeSecrets(false, root));
  const found = (env: { readonly [name: string]: string }) => withServices(env, root);

  test('nothing while they are down', () => {
    expect(found({ A: 'b' })).toEqual({ A: 'b' });
    noteServices(SERVICES, root);
    forgetServices(root);
    expect(found({ A: 'b' })).toEqual({ A: 'b' });
  });

  test('server, token and boards while they are up', () => {
    noteServices(SERVICES, root);
    expect(found({ A: 'b' })).toEqual({ A: 'b', LAB_INFLUX_URL: SERVICES.influxUrl, LAB_INFLUX_TOKEN_FILE: madePath(INFLUX_TOKEN, root), LAB_GRAFANA_URL: SERVICES.grafanaUrl });
  });

  test('the token goes to no other server, and no other token is replaced', () => {
    noteServices(SERVICES, root);
    expect(found({ LAB_INFLUX_URL: 'https://else' })).toEqual({ LAB_INFLUX_URL: 'https://else', LAB_GRAFANA_URL: SERVICES.grafanaUrl });
    expect(found({ LAB_INFLUX_TOKEN: 'mine' })).toEqual({ LAB_INFLUX_TOKEN: 'mine', LAB_INFLUX_URL: SERVICES.influxUrl, LAB_GRAFANA_URL: SERVICES.grafanaUrl });
  });
});

describe('Compose', () => {
  test.each([['2.40.3', true], ['v2.20.0', true], ['2.26.1+ds1', true], ['5.0.1', true], ['2.19.9', false], ['1.29.2', false], ['', false]])('%s is new enough: %s', (version, enough) => {
    expect(isNewEnough(version)).toBe(enough);
  });

  describe('as it is installed', () => {
    afterEach(() => vi.unstubAllEnvs());
    const install = (name: string, says: string) => {
      writeFileSync(join(root, name), `#!/bin/sh\n${says}\n`, { mode: 0o755 });
      vi.stubEnv('PATH', root);
    };

    test('not at all: one line, and nothing that holds the process', async () => {
      vi.stubEnv('PATH', root);
      const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
      const before = timers();
      await expect(findCompose()).rejects.toMatchObject({ code: 'machine-lacks', message: 'Docker Compose, which starts the services, is not there' });
      expect(timers()).toBe(before);
    });

    test('too old: its version', async () => {
      install('docker-compose', 'echo 1.29.2');
      await expect(findCompose()).rejects.toMatchObject({ message: 'Docker Compose 1.29.2 is too old: 2.20 is needed' });
    });

    test('alone, where docker has no such plug-in', async () => {
      install('docker', 'exit 1');
      install('docker-compose', 'echo 2.40.3');
      expect(await findCompose()).toMatchObject({ version: '2.40.3' });
    });
  });

  test.each([
    ['container consensus-lab-grafana-1 is unhealthy', 'grafana'],
    [' Container p-n4-1  Waiting\ncontainer p-n4-1 exited (3)', 'n4'],
    ['dependency failed to start: container p-influxdb-1 exited (1)', 'influxdb'],
    ['Error response from daemon: no', null],
  ])('%j: %s', (stderr, service) => {
    expect(unhealthyService(stderr)).toBe(service);
  });

  // As versions 20.10 to 28 of Docker say it.
  test.each([
    ['Error response from daemon: driver failed programming external connectivity on endpoint p-a-1 (84a5): Error starting userland proxy: listen tcp4 127.0.0.1:9001: bind: address already in use', 'port-in-use', '127.0.0.1:9001 is taken'],
    ['Error response from daemon: failed to set up container networking: driver failed programming external connectivity on endpoint p-a-1 (84a5): failed to bind host port 127.0.0.1:8086/tcp: address already in use', 'port-in-use', '127.0.0.1:8086 is taken'],
    ['Error response from daemon: driver failed programming external connectivity on endpoint p-a-1 (84a5): Bind for 127.0.0.1:3000 failed: port is already allocated', 'port-in-use', '127.0.0.1:3000 is taken'],
    ['Error response from daemon: Ports are not available: exposing port TCP 127.0.0.1:3000 -> 0.0.0.0:0: listen tcp 127.0.0.1:3000: bind: address already in use', 'port-in-use', '127.0.0.1:3000 is taken'],
    ['Error response from daemon: Get "https://registry/v2/": dial tcp: lookup registry: no such host', 'machine-lacks', 'an image cannot be pulled'],
    ['failed to create network p_cluster: Error response from daemon: Pool overlaps with other one on this address space', 'port-in-use', 'addresses of the nodes'],
    ['Error response from daemon: No such image: consensus-lab-node:made-by-lab-up', 'machine-lacks', 'No such image'],
    ['application not healthy after 3m0s', 'machine-lacks', 'not healthy after 3m0s'],
    ['write /x: no space left on device', 'machine-lacks', 'no space left'],
    ['', 'machine-lacks', 'it says nothing'],
  ])('%s', (line, code, message) => {
    const failure = composeFailure(`time="t" level=warning msg="w"\n Container p-a-1  Creating\n${line}\n Network p  Created\n`, 'starting the services');
    expect(failure).toMatchObject({ code, message: expect.stringContaining(message) as string });
    expect(`${failure.message}${failure.hint}`).not.toContain('\n');
  });
});

test('the nodes of another protocol keep their log elsewhere', () => {
  const [first, again, other] = [clusterFile('raft'), clusterFile('raft'), clusterFile('paxos')];
  expect(first).toEqual(again);
  expect(first.seat.run).not.toBe(other.seat.run);
});
