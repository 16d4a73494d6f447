// Charts as pictures of their own: what is in them, that names cannot become markup, and that a path of another kind is a bug.
import { describe, expect, test } from 'vitest';
import { chart, type Chart, type Frame, titled } from './chart.ts';
import { pictureOf } from './picture.ts';
import { linearScale } from './scale.ts';

function frame(change: Partial<Frame> = {}): Chart {
  const [x, y] = [linearScale(0, 10, 5), linearScale(0, 100, 4)];
  return chart({
    title: ['both', titled({ name: 'one <b>', hue: 0 }), titled({ name: 'two', hue: 9 })], description: 'What it shows; the data is below', x, y, units: ['s', 'ms'], heightPx: 200,
    drawing: '<path class="line c0" d="M0 1000L500 0H1000V250h0Z"/>', marks: [{ style: 'lost', at: [0.5, 1], text: '✕' }],
    faults: [{ name: 'crash', index: 0, nodes: ['n1'], fromMs: 2000, toMs: 4000 }],
    data: { file: 'mine.csv', head: ['at (s)', 'value (ms)'], rows: [[0, 1]] }, along: 'x', places: [0], ...change,
  });
}

describe('a picture', () => {
  test('has title, words, axes, faults and signs, and asks for nothing', () => {
    const { name, svg } = pictureOf(frame(), 'light');
    expect(name).toBe('mine');
    for (const part of ['both</text>', 'two</text>', 'What it shows</text>', '>8 s</text>', '>ms</text>', '>100</text>', 'crash n1</text>', '>✕</text>', 'aria-label="What it shows"']) expect(svg).toContain(part);
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:|url\(|<script|<image|var\(/);
  });

  test('draws the path at its own size: 752 by 200 for units of 1,000', () => {
    expect(pictureOf(frame(), 'light').svg).toContain('d="M0 200L376 0H752V50h0Z"');
  });

  test('escapes names', () => {
    expect(pictureOf(frame(), 'light').svg).toContain('one &lt;b&gt;');
    expect(pictureOf(frame(), 'light').svg).not.toContain('<b>');
  });

  test('follows the scheme of its reader only where asked to', () => {
    expect(pictureOf(frame(), 'both').svg).toContain('prefers-color-scheme:dark');
    expect(pictureOf(frame(), 'light').svg).not.toContain('prefers-color-scheme');
  });

  test('breaks a title that has no room into lines', () => {
    const many = frame({ title: Array.from({ length: 20 }, (_, hue) => titled({ name: `protocol number ${hue}`, hue })) });
    const height = (picture: string) => Number(/height="(\d+)"/.exec(picture)?.[1]);
    expect(height(pictureOf(many, 'light').svg)).toBeGreaterThan(height(pictureOf(frame(), 'light').svg) + 40);
  });

  test.each(['M0 0C1 1 2 2 3 3', 'M0 zero'])('of the path %s is a bug', (path) => {
    expect(() => pictureOf(frame({ drawing: `<path class="line" d="${path}"/>` }), 'light')).toThrow('a chart draws with');
  });
});
