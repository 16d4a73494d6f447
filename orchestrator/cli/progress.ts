// What is shown while runs are under way: a live list in a terminal, plain lines on stderr elsewhere. stdout belongs to results.
import { Listr } from 'listr2';

export type Report = (text: string, share: number) => void;
export type Step = { readonly title: string; readonly run: (report: Report) => Promise<void> };

const LINE_EACH_SHARE = 0.2;

export async function showProgress(steps: readonly Step[], live: boolean): Promise<void> {
  if (live) await showLive(steps);
  else for (const step of steps) await step.run(printLines(step.title));
}

function percent(share: number): string {
  return `${Math.floor(Math.min(1, Math.max(0, share)) * 100)} %`;
}

async function showLive(steps: readonly Step[]): Promise<void> {
  const tasks = steps.map((step) => ({
    title: step.title,
    task: (_context: unknown, task: { output: string }) => step.run((text, share) => { task.output = `${percent(share)} ${text}`; }),
  }));
  // The lab listens to the signals itself.
  await new Listr(tasks, { concurrent: false, exitOnError: true, registerSignalListeners: false }).run();
}

/** A line for each fifth of the way and for each phase (the words before the colon). */
function printLines(title: string): Report {
  let nextShare = 0;
  let lastPhase = '';
  return (text, share) => {
    const [phase = ''] = text.split(':');
    if (share < nextShare && phase === lastPhase) return;
    process.stderr.write(`${title} … ${percent(share)} (${text})\n`);
    while (nextShare <= share) nextShare += LINE_EACH_SHARE;
    lastPhase = phase;
  };
}
