// Pictures as files: SVG and PNG of one chart, what lacks for PNG, and a folder that cannot be written.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { chart } from '../report/page/chart.ts';
import { linearScale } from '../report/page/scale.ts';
import { openRasterizer, writePictures } from './pictures.ts';

const folder = mkdtempSync(join(tmpdir(), 'lab-pictures-'));
afterAll(() => rmSync(folder, { recursive: true }));
const scale = linearScale(0, 1, 2);
const drawing = chart({
  title: ['a chart'], description: 'A line', x: scale, y: scale, units: ['s', 'ms'], heightPx: 100, drawing: '<path class="line c0" d="M0 0L1000 1000"/>',
  data: { file: 'a line.csv', head: ['x'], rows: [] }, along: 'x', places: [],
});
const WITHOUT_MODULE = () => Promise.reject(new Error('ERR_MODULE_NOT_FOUND'));
/** A rasterizer on a machine without fonts: it draws nothing. */
class Blind {
  render() { return { pixels: new Uint8Array(4), asPng: () => new Uint8Array() }; }
}
const WITHOUT_FONTS = () => Promise.resolve({ Resvg: Blind });

test('each chart becomes a file of its own, also where two have one name', async () => {
  const written = await writePictures([drawing, drawing], { svg: join(folder, 'new') });
  expect(written.map((path) => basename(path))).toEqual(['a_line.svg', 'a_line-2.svg']);
  expect(readFileSync(written[0] as string, 'utf8')).toContain('<svg xmlns');
});

test('nothing is written where nothing was asked for', async () => {
  expect(await writePictures([drawing], {})).toEqual([]);
});

test('without the rasterizer, or a font, --png says what to install', async () => {
  await expect(openRasterizer(WITHOUT_MODULE)).rejects.toMatchObject({ code: 'machine-lacks', message: expect.stringContaining('@resvg/resvg-js, which is not installed') as string, hint: expect.stringContaining('--svg') as string });
  await expect(openRasterizer(WITHOUT_FONTS)).rejects.toMatchObject({ code: 'machine-lacks', message: expect.stringContaining('a font') as string });
});

test('a PNG is twice as wide as the drawing, where this installation has the rasterizer', async ({ skip }) => {
  const rasterize = await openRasterizer().catch(() => null);
  if (rasterize === null) return skip('no rasterizer or no font here');
  const [path] = await writePictures([drawing], { png: folder });
  const png = readFileSync(path as string);
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  expect(png.readUInt32BE(16)).toBe(1680);
});

test('a folder that cannot be written is named', async () => {
  writeFileSync(join(folder, 'file'), '');
  await expect(writePictures([drawing], { svg: join(folder, 'file') })).rejects.toMatchObject({ code: 'machine-lacks', message: expect.stringContaining('cannot be written') as string });
});
