// The certificate on the page and in the table: exact in the simulator, a matrix elsewhere, and a wrong link in plain sight.
import { beforeAll, describe, expect, test } from 'vitest';
import { reportRuns } from '../../../test/report-runs.ts';
import type { Certificate } from '../../../netem/certificate.ts';
import type { Summary } from '../../kinds.ts';
import { renderTable } from '../table.ts';
import { renderPage } from './page.ts';
import type { RunRecord } from './record.ts';

let record: RunRecord;
beforeAll(async () => {
  [record] = await reportRuns('name: net\nprotocols: [raft]\nnodes: 3\nnetwork: { wan: aws-5 }\nload: { rate: 50/s, timeout: 2s }\nrun: { warmup: 2s, measure: 2s, settle: 2s }\n') as [RunRecord];
});

/** As if on processes, with this certificate. */
function on(certificate: Partial<Certificate>, change: Partial<Summary> = {}): RunRecord {
  const { summary } = record;
  const whole = { ...(summary.certificate as Certificate), ...certificate };
  return { ...record, summary: { ...summary, ...change, plan: { ...summary.plan, runner: 'local', shaper: 'userspace' }, certificate: whole } };
}

const table = ({ summary }: RunRecord) => renderTable([summary], { width: 100 });
const network = (page: string) => /<h2>The network[\s\S]*?<\/section>/.exec(page)?.[0] ?? '';

describe('the network of a run', () => {
  test('is exact in the simulator, in a line', () => {
    expect(record.summary.certificate).toMatchObject({ verdict: 'ok', worstMs: 0, breaches: [] });
    expect(record.summary.certificate?.rows).toHaveLength(6);
    expect(network(renderPage([record]))).toContain('Exact, as measured in the simulator: raft.');
    expect(table(record)).not.toContain('net ');
  });

  test('is a matrix on processes, with every figure of a link in its tooltip', () => {
    const section = network(renderPage([on({ worstMs: 0.42 })]));
    expect(section).toContain('raft on local: as configured, medians off by 0.42 ms at most');
    expect(section.match(/<td class="number ok"/g)).toHaveLength(6);
    expect(section).toMatch(/title="n1 → n2: asked [\d.]+ ms; delay min [\d.]+, p50 [^"]*50 of 50 probes arrived/);
    expect(table(on({ worstMs: 0.42 }))).toMatch(/userspace\s[\s\S]*net ±0\.4 ms[\s\S]*net ±    a median delay/);
  });

  test('that is not as configured stands open, and its link is marked', () => {
    const rows = (record.summary.certificate as Certificate).rows.map((row, index) => (index === 1 ? { ...row, verdict: 'out' as const } : row));
    const text = 'n1 → n3: median delay 86 ms, asked 66 ms (-1 … +4 ms)';
    const wrong = on({ verdict: 'out', rows, breaches: [{ from: 'n1', to: 'n3', figure: 'p50', bars: 'run', text }] }, { invalid: [`the network is not as configured: ${text}`] });
    const section = network(renderPage([wrong]));
    expect(section).toMatch(/<details open><summary>raft on local: NOT as configured/);
    expect(section).toContain(`<li>✕ ${text}</li>`);
    expect(section.match(/<td class="number out"[^>]*>✕ /g)).toHaveLength(1);
    expect(table(wrong)).toContain('net WRONG');
    expect(table(wrong)).toContain('invalid  raft on local: the network is not as configured: n1 → n3');
  });

  test('that could not be shown is called so', () => {
    expect(table(on({ verdict: 'unverified' }))).toMatch(/net \?\n[\s\S]*net \?    nothing speaks against the network/);
  });

  test('is left out of the page of a lab that did not probe', () => {
    const { certificate: _none, ...summary } = record.summary;
    expect(network(renderPage([{ ...record, summary }]))).toBe('');
  });
});
