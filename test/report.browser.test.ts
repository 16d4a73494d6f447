// The report page in a real browser, opened from a disk: nothing in the console, no request, the first screen whole at both
// sizes and in both colour schemes, no sideways scrolling, charts that answer to pointer and keys.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderPage } from '../orchestrator/report/page/page.ts';
import { reportRuns } from './report-runs.ts';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const EXPERIMENT = `
name: in-a-browser
protocols: [raft, paxos, stick]
nodes: 5
network: { wan: aws-5 }
load: { rate: 60/s, timeout: 3s }
run: { warmup: 4s, measure: 6s, settle: 4s }
faults: [{ at: 2s, crash: leader, for: 2s }]
`;

const required = (process.env['LAB_REQUIRE'] ?? '').split(',').includes('browser');
const missing = !existsSync(CHROMIUM);
if (missing && !required) console.log(`skipped: the report page in a browser (there is no ${CHROMIUM}; apt-get install chromium)`);

describe.skipIf(missing && !required)('the report page in Chromium', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-page-'));
  const file = join(folder, 'report.html');
  let browser: Browser;
  beforeAll(async () => {
    writeFileSync(file, renderPage(await reportRuns(EXPERIMENT)));
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  /** The page, what it said in the console, and what it asked for besides itself. */
  async function opened(width: number, height: number, colorScheme: 'light' | 'dark'): Promise<{ readonly page: Page; readonly said: string[]; readonly asked: string[] }> {
    const page = await (await browser.newContext({ viewport: { width, height }, colorScheme })).newPage();
    const [said, asked]: [string[], string[]] = [[], []];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    page.on('request', (request) => { if (!request.url().startsWith('data:')) asked.push(request.url()); });
    await page.goto(pathToFileURL(file).href);
    return { page, said, asked };
  }

  describe.each([[1280, 800], [390, 844]])('at %d × %d', (width, height) => {
    test.each(['light', 'dark'] as const)('the first screen is whole, %s, and nothing is asked for', async (scheme) => {
      const { page, said, asked } = await opened(width, height, scheme);
      for (const cell of await page.locator('.headline, .overview tbody > tr > *').all()) {
        const box = await cell.boundingBox();
        expect(box).not.toBeNull();
        expect([box?.x, box?.y].every((at) => at !== undefined && at >= 0)).toBe(true);
        expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
        expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(height);
      }
      const rows = await page.locator('.overview tbody tr').allInnerTexts();
      expect(rows.map((row) => row.replaceAll(/\s+/g, ' '))).toEqual(['raft', 'paxos', 'stick'].map((name) => expect.stringMatching(new RegExp(`${name} (✓ ok|! finding) sim`)) as string));
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(scheme === 'light' ? 'rgb(251, 250, 247)' : 'rgb(19, 21, 24)');
      expect(said).toEqual([]);
      expect(asked).toEqual([pathToFileURL(file).href]);
      await page.context().close();
    });

    test.each(['light', 'dark'] as const)('text stands out from what is behind it, %s', async (scheme) => {
      const { page } = await opened(width, height, scheme);
      expect(await page.evaluate(LOW_CONTRAST)).toEqual([]);
      await page.context().close();
    });
  });

  test('a chart tells its figures to pointer and keys, and its table opens', async () => {
    const { page, said } = await opened(1280, 800, 'light');
    const chart = page.locator('.chart').first();
    await chart.locator('.area').hover();
    expect(await chart.locator('.read-out').innerText()).toMatch(/^sent at \d+(\.\d+)? s · answered \d+ · least [\d,.]+ ms/);
    await page.mouse.move(0, 0);
    expect(await chart.locator('.read-out').innerText()).toBe('');
    await chart.locator('.area').focus();
    await page.keyboard.press('ArrowRight');
    const first = await chart.locator('.read-out').innerText();
    await page.keyboard.press('ArrowRight');
    expect(await chart.locator('.read-out').innerText()).not.toBe(first);
    await chart.locator('.data summary').click();
    expect(await chart.locator('.data tbody tr').count()).toBe(Number(/\((\d+) rows\)/.exec(await chart.locator('.data p').innerText())?.[1]));
    expect(said).toEqual([]);
    await page.context().close();
  });
});

/** Evaluated in the page: visible texts whose contrast is below 4.5 : 1, with the figure. */
const LOW_CONTRAST = `(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const over = (colors) => { canvas.clearRect(0, 0, 1, 1); for (const color of colors) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); } return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3); };
  const light = (rgb) => { const [r, g, b] = rgb.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const low = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() === '' || element.closest('script, style, .unseen') || !element.checkVisibility()) continue;
    const behind = [];
    for (let each = element; each; each = each.parentElement) behind.unshift(getComputedStyle(each).backgroundColor);
    const back = over(behind), front = over([...behind, getComputedStyle(element).color]);
    const [a, b] = [light(back), light(front)].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) low.push(walker.currentNode.data.trim() + ' ' + contrast.toFixed(2));
  }
  return low;
})()`;
