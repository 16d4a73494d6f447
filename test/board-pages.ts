// Boards of a running Grafana in Chromium, as a reader sees them, and what is wrong with what is seen.
import { type Browser, chromium, type Locator, type Page, type Response } from 'playwright-core';
import { type Board, readBoard, type Values } from './boards.ts';

export type Shown = { readonly page: Page; readonly panels: ReadonlyMap<string, string>; readonly problems: readonly string[] };
/** What the data source answers instead to queries with this text. */
export type Intercept = { readonly asked: string; readonly status: number; readonly body: string };
export type View = { readonly fromMs: number; readonly toMs: number; readonly values?: Values };

/** What a panel asks a data source. */
const DATA = /\/api\/(datasources\/proxy|ds\/query)/;
const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
/** All panels of the longest board are in sight, so that Grafana draws them all. */
const VIEWPORT = { width: 1500, height: 3_400 };
/** Several processes share the machine. */
const PATIENCE_MS = 90_000;
const MOST_VIEWS = 4;
const NOTHING = /No data|Data is missing|Unable to find|unexpected error/i;
const DRAWN = new Set(['timeseries', 'heatmap', 'barchart', 'trend', 'state-timeline']);

export class BoardPages {
  readonly #browser: Browser;
  readonly #url: string;

  private constructor(browser: Browser, url: string) {
    this.#browser = browser;
    this.#url = url;
  }

  /** url: of Grafana. */
  static async start(url: string): Promise<BoardPages> {
    return new BoardPages(await chromium.launch({ executablePath: CHROMIUM, args: FLAGS }), url);
  }

  async stop(): Promise<void> {
    await this.#browser.close();
  }

  /**
   * A board at rest. The caller closes the page's context. Chromium gives up all that it is loading when an interface of the
   * machine comes or goes, as those of other tests' namespaces do: such a view says nothing of the board, and is taken again.
   */
  async open(uid: string, theme: 'light' | 'dark', view: View, intercept?: Intercept): Promise<Shown> {
    for (let left = MOST_VIEWS; ; left--) {
      const shown = await this.#open(uid, theme, view, intercept);
      if (left === 1 || !shown.problems.some((problem) => problem.includes('ERR_NETWORK_CHANGED'))) return shown;
      await shown.page.context().close();
    }
  }

  async #open(uid: string, theme: 'light' | 'dark', { fromMs, toMs, values = {} }: View, intercept: Intercept | undefined): Promise<Shown> {
    const page = await (await this.#browser.newContext({ viewport: VIEWPORT, colorScheme: theme })).newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const problems: string[] = [];
    page.on('console', (message) => { if (message.type() === 'error') problems.push(`console: ${message.text()}`); });
    page.on('pageerror', (error) => problems.push(`JavaScript: ${error.message}`));
    page.on('request', (request) => { if (!['127.0.0.1', ''].includes(new URL(request.url()).hostname)) problems.push(`request: ${request.url()}`); });
    const answers: Promise<string | null>[] = [];
    page.on('response', (response) => { if (DATA.test(response.url())) answers.push(malformed(response)); });
    if (intercept !== undefined) {
      const { asked, status, body } = intercept;
      await page.route(/\/api\/datasources\/proxy\//, (route) => (route.request().postData()?.includes(asked) === true ? route.fulfill({ status, body, contentType: 'application/json' }) : route.continue()));
    }
    const query = new URLSearchParams({ from: String(fromMs), to: String(toMs), theme });
    for (const [name, value] of Object.entries(values)) for (const each of [value].flat()) query.append(`var-${name}`, each);
    await page.goto(`${this.#url}/d/${uid}?${query.toString()}`);
    const board = readBoard(uid);
    const drawn = board.panels.filter(({ type }) => type !== 'row');
    for (const { title } of drawn) {
      await panelOf(page, title).waitFor();
      await panelOf(page, title).locator('[aria-label="Panel loading bar"]').waitFor({ state: 'detached' });
    }
    await page.waitForLoadState('networkidle');
    problems.push(...(await Promise.all(answers)).filter((words) => words !== null));
    const panels = new Map<string, string>();
    for (const { title, type } of drawn) {
      const text = (await panelOf(page, title).innerText()).replaceAll(/\s+/g, ' ');
      panels.set(title, text);
      problems.push(...await problemsOf(panelOf(page, title), text, DRAWN.has(type) && !text.includes(noValueOf(board, title))).then((all) => all.map((problem) => `${title}: ${problem}`)));
    }
    return { page, panels, problems };
  }
}

export function panelOf(page: Page, title: string): Locator {
  return page.locator(`[data-testid="data-testid Panel header ${title}"]`);
}

/** What a panel says where it has nothing to show. */
export function noValueOf({ panels }: Board, title: string): string {
  return panels.find((panel) => panel.title === title)?.fieldConfig?.defaults.noValue ?? '';
}

/** What an answer that is no JSON looks like. null: it is, or its page did not want it any more. */
async function malformed(response: Response): Promise<string | null> {
  const text = await response.text().catch(() => '{}');
  try {
    JSON.parse(text);
    return null;
  } catch {
    return `answer: ${response.status()}, ${text.length} characters, headers ${JSON.stringify(await response.allHeaders())}, ends with ${JSON.stringify(text.slice(-200))}`;
  }
}

async function problemsOf(panel: Locator, text: string, draws: boolean): Promise<readonly string[]> {
  return [
    ...(NOTHING.test(text) ? [text] : []), ...(await panel.getByRole('button', { name: 'Panel status' }).count() > 0 ? ['marked with an error'] : []),
    ...(draws && await panel.locator('canvas').count() === 0 ? ['draws nothing'] : []),
  ];
}
