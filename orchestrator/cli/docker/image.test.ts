// The image is built once for each content and base, found again whatever its base, and never pulled where that is not needed.
// The daemon is played: what the calls do on a real one is tried in runners/docker.docker.test.ts.
import { expect, test } from 'vitest';
import { LabError } from '../../errors.ts';
import { readContext } from './context.ts';
import type { BuildSpec, Engine, Image } from './engine.ts';
import { earlierImages, ensureNodeImage } from './image.ts';

class PlayedDaemon {
  readonly images: Image[] = [];
  readonly built: BuildSpec[] = [];
  readonly pulled: string[] = [];
  readonly used = new Set<string>();
  reachesRegistry = true;

  add(tag: string, id: string, labels: Image['labels'] = {}): void {
    this.images.unshift({ id, tags: [tag], labels, createdS: this.images.length, bytes: 1e6 });
  }

  get engine(): Engine {
    return {
      image: (reference: string) => Promise.resolve(this.images.find(({ tags }) => tags.includes(reference)) ?? null),
      images: (label: string) => Promise.resolve(this.images.filter(({ labels }) => Object.entries(labels).some(([key, value]) => `${key}=${value}` === label || key === label)).sort((a, b) => b.createdS - a.createdS)),
      imagesInUse: () => Promise.resolve(this.used),
      pull: (reference: string) => {
        this.pulled.push(reference);
        if (!this.reachesRegistry) return Promise.reject(new LabError('machine-lacks', `pulling the image ${reference}: no such host`, '--local-base'));
        this.add(reference, `id of ${reference}`);
        return Promise.resolve();
      },
      build: (spec: BuildSpec) => {
        this.built.push(spec);
        this.add(spec.tag, `id of ${spec.tag}`, spec.labels);
        return Promise.resolve();
      },
    } as unknown as Engine;
  }
}

const quiet = () => undefined;

test('it is built on the pulled default once, and then used again', async () => {
  const daemon = new PlayedDaemon();
  const first = await ensureNodeImage(daemon.engine, null, quiet);
  const second = await ensureNodeImage(daemon.engine, null, quiet);
  expect([first.built, second.built, second.tag]).toEqual([true, false, first.tag]);
  expect(first.tag).toMatch(/^consensus-lab-node:[0-9a-f]{12}$/);
  expect(daemon.pulled).toEqual(['node:24-bookworm-slim']);
  expect(daemon.built.map(({ args, labels }) => [args['BASE'], labels['consensus-lab.context']])).toEqual([['node:24-bookworm-slim', readContext().hash]]);
});

test('another base is another tag, and the same base under another name is not', async () => {
  const daemon = new PlayedDaemon();
  for (const [tag, id] of [['a:1', 'A'], ['b:1', 'B'], ['also-a:1', 'A']] as const) daemon.add(tag, id);
  const tags = [];
  for (const image of ['a:1', 'b:1', 'also-a:1']) tags.push((await ensureNodeImage(daemon.engine, { image }, quiet)).tag);
  expect(tags[1]).not.toBe(tags[0]);
  expect(tags[2]).toBe(tags[0]);
  expect(daemon.built).toHaveLength(2);
  expect(daemon.pulled).toEqual([]);
});

test('one that was built on any base does for a run', async () => {
  const daemon = new PlayedDaemon();
  daemon.add('mine:1', 'M');
  const { tag } = await ensureNodeImage(daemon.engine, { image: 'mine:1' }, quiet);
  daemon.reachesRegistry = false;
  expect(await ensureNodeImage(daemon.engine, null, quiet)).toMatchObject({ tag, base: 'mine:1', built: false });
});

test('an image of other sources does not', async () => {
  const daemon = new PlayedDaemon();
  daemon.add('consensus-lab-node:old', 'O', { 'consensus-lab.context': 'another', 'consensus-lab.base': 'x' });
  expect((await ensureNodeImage(daemon.engine, null, quiet)).built).toBe(true);
});

test('without a registry and without a base, the pull says the remedy and nothing is built', async () => {
  const daemon = new PlayedDaemon();
  daemon.reachesRegistry = false;
  await expect(ensureNodeImage(daemon.engine, null, quiet)).rejects.toMatchObject({ hint: '--local-base' });
  expect(daemon.built).toEqual([]);
});

test('images of other sources are left over, but for the newest, those in use, and those with a name of their own', async () => {
  const daemon = new PlayedDaemon();
  const own = (digit: string) => `consensus-lab-node:${digit.repeat(12)}`;
  const other = { 'consensus-lab.context': 'another', 'consensus-lab.base': 'x' };
  for (const digit of ['1', '2', '3']) daemon.add(own(digit), digit, other);
  daemon.add(own('4'), '4', { ...other, 'consensus-lab.context': readContext().hash });
  daemon.add('consensus-lab-node:made-by-lab-up', '5', other);
  daemon.add('lab-base:1', '6');
  daemon.add(own('7'), '7', other);
  daemon.used.add('2');
  expect(await earlierImages(daemon.engine)).toEqual([own('3'), own('1')]);
});

test('the only image stays, whatever its sources', async () => {
  const daemon = new PlayedDaemon();
  daemon.add(`consensus-lab-node:${'a'.repeat(12)}`, 'A', { 'consensus-lab.context': 'another', 'consensus-lab.base': 'x' });
  expect(await earlierImages(daemon.engine)).toEqual([]);
});
