// Charts as files: SVG straight from the chart code, PNG by a rasterizer that not every installation has.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../errors.ts';
import type { Chart } from '../report/page/chart.ts';
import { pictureOf } from '../report/page/picture.ts';

export type PictureFlags = { readonly png?: string; readonly svg?: string };
export type Rasterizer = (svg: string, widthPx: number) => Uint8Array;

/** Pixels of a picture for one of the drawing: sharp on dense screens. */
const DENSITY = 2;
const MODULE = '@resvg/resvg-js';
const PROBE = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text x="2" y="16" font-size="14" font-family="sans-serif">M</text></svg>';

/** load: imports the module by its name. */
export async function openRasterizer(load: (name: string) => Promise<unknown> = (name) => import(name)): Promise<Rasterizer> {
  const { Resvg } = await load(MODULE).catch((cause: unknown) => {
    throw new LabError('machine-lacks', `--png needs the package ${MODULE}, which is not installed here`, `npm install ${MODULE}, or take --svg, which needs nothing`, cause);
  }) as typeof import('@resvg/resvg-js');
  const rasterized = (svg: string, widthPx: number) => new Resvg(svg, { fitTo: { mode: 'width', value: widthPx }, font: { loadSystemFonts: true, defaultFontFamily: 'DejaVu Sans' } }).render();
  // It draws no text at all, and says nothing, where the machine has no fonts.
  if (rasterized(PROBE, 20).pixels.every((byte) => byte === 0)) throw new LabError('machine-lacks', '--png needs a font, and this machine has none', 'apt-get install fonts-dejavu-core, or take --svg, which leaves fonts to its reader');
  return (svg, widthPx) => rasterized(svg, widthPx * DENSITY).asPng();
}

/** Returns what was written, in order of the charts. Names: those of the charts' data, numbered where one comes again. */
export async function writePictures(charts: readonly Chart[], { png, svg }: PictureFlags): Promise<readonly string[]> {
  const rasterize = png === undefined ? null : await openRasterizer();
  const taken = new Map<string, number>();
  return charts.flatMap((chart) => {
    const { name, svg: drawing, widthPx } = pictureOf(chart, 'light');
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    const file = `${name.replaceAll(/[^\w.@=,+-]/g, '_')}${count > 1 ? `-${count}` : ''}`;
    return [
      ...(svg === undefined ? [] : [save(svg, `${file}.svg`, pictureOf(chart, 'both').svg)]),
      ...(png === undefined || rasterize === null ? [] : [save(png, `${file}.png`, rasterize(drawing, widthPx))]),
    ];
  });
}

function save(folder: string, name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, content);
  } catch (cause) {
    throw new LabError('machine-lacks', `${path} cannot be written (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`, 'free some space, or give another folder', cause);
  }
  return path;
}
