// The image of the nodes: built once for each content of its context and base, and used again. Its tag is the hash of both.
import { createHash } from 'node:crypto';
import { LabError } from '../../errors.ts';
import { findLocalBase, makeLocalBase } from './base.ts';
import { readContext } from './context.ts';
import type { Engine, Image } from './engine.ts';

const DEFAULT_BASE = 'node:24-bookworm-slim';
const REPOSITORY = 'consensus-lab-node';
/** As it is built: it may have other names, which move on. */
const OWN_TAG = new RegExp(`^${REPOSITORY}:[0-9a-f]{12}$`);
/** Hash of the context: by it an image of any base is found again. */
const CONTEXT_LABEL = 'consensus-lab.context';
const BASE_LABEL = 'consensus-lab.base';
const HASH_CHARACTERS = 12;
const BYTES_PER_MB = 1e6;

/** image: a reference; local: one made on this machine; null: the default one, or a local one where that is there and the default is not. */
export type WantedBase = { readonly image: string } | 'local' | null;
export type NodeImage = { readonly tag: string; readonly base: string; readonly bytes: number; readonly built: boolean };
type Base = { readonly name: string; readonly id: string };
type Report = (line: string) => void;

/** The image for these sources, built when there is none. */
export async function ensureNodeImage(engine: Engine, wanted: WantedBase, report: Report): Promise<NodeImage> {
  const { archive, hash } = readContext();
  const there = await engine.images(`${CONTEXT_LABEL}=${hash}`);
  // Any base does, unless one is asked for.
  const [first] = wanted === null ? there : [];
  if (first !== undefined) return describe(first, false);
  const base = await findBase(engine, wanted, report);
  const tag = `${REPOSITORY}:${createHash('sha256').update(`${hash} ${base.id}`).digest('hex').slice(0, HASH_CHARACTERS)}`;
  const same = await engine.image(tag);
  if (same !== null) return describe(same, false);
  await engine.build({ context: archive, tag, args: { BASE: base.name }, labels: { [CONTEXT_LABEL]: hash, [BASE_LABEL]: base.name } }, report);
  const built = await engine.image(tag);
  if (built === null) throw new LabError('machine-lacks', `the image ${tag} is not there after it was built`, 'lab image build makes it again');
  return describe(built, true);
}

function describe({ id, tags, labels, bytes }: Image, built: boolean): NodeImage {
  return { tag: tags.find((tag) => OWN_TAG.test(tag)) ?? id, base: labels[BASE_LABEL] ?? 'unknown', bytes, built };
}

async function findBase(engine: Engine, wanted: WantedBase, report: Report): Promise<Base> {
  if (wanted === 'local') return baseOf(engine, await makeLocalBase(engine, report));
  if (wanted !== null) return pulled(engine, wanted.image, report);
  const local = await findLocalBase(engine);
  if (local !== null && await engine.image(DEFAULT_BASE) === null) {
    report(`${DEFAULT_BASE} is not here: taking ${local}`);
    return baseOf(engine, local);
  }
  return pulled(engine, DEFAULT_BASE, report);
}

async function pulled(engine: Engine, name: string, report: Report): Promise<Base> {
  if (await engine.image(name) === null) await engine.pull(name, report);
  return baseOf(engine, name);
}

async function baseOf(engine: Engine, name: string): Promise<Base> {
  const image = await engine.image(name);
  if (image === null) throw new LabError('machine-lacks', `the image ${name} is not there after it was fetched`, 'docker images shows which are');
  return { name, id: image.id };
}

/**
 * Names of images that were built for other sources: neither the newest, nor one of these sources, nor one that a container uses
 * or that somebody has given another name, as lab up does.
 */
export async function earlierImages(engine: Engine): Promise<readonly string[]> {
  const [, ...older] = await engine.images(CONTEXT_LABEL);
  if (older.length === 0) return [];
  const { hash } = readContext();
  const used = await engine.imagesInUse();
  const unused = older.filter(({ id, tags, labels }) => !used.has(id) && labels[CONTEXT_LABEL] !== hash && tags.length > 0 && tags.every((tag) => OWN_TAG.test(tag)));
  return unused.flatMap(({ tags }) => tags);
}

/** One line for the user. */
export function wordsOfImage({ tag, base, bytes, built }: NodeImage): string {
  return `${built ? 'built' : 'there already:'} ${tag}, ${Math.round(bytes / BYTES_PER_MB)} MB, on ${base}`;
}
