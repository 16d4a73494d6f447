// What a kernel holds against what it was told, from what tc 6.1 printed on a 6.1 kernel: each planted difference is found.
import { describe, expect, test } from 'vitest';
import { PERFECT_LINK } from './link.ts';
import { countersOf, filterDifference, qdiscDifference, readQdiscs } from './tc-held.ts';
import type { HeldQdisc } from './tc-held.ts';
import { planTc } from './tc.ts';
import type { TcModel } from './tc.ts';

const HTB = '{"kind":"htb","handle":"1:","root":true,"refcnt":2,"options":{"r2q":10,"default":"0","direct_packets_stat":0,"direct_qlen":1000},"bytes":0,"packets":0,"drops":0,"overlimits":0,"requeues":0,"backlog":0,"qlen":0}';
const PLAIN = '{"kind":"netem","handle":"1000:","parent":"1:12","options":{"limit":20000,"delay":{"delay":0.020123,"jitter":0,"correlation":0},"ecn":false,"gap":0},"bytes":4200,"packets":100,"drops":3,"overlimits":0,"requeues":0,"backlog":84,"qlen":2}';
const RICH = '{"kind":"netem","handle":"1001:","parent":"1:13","options":{"limit":20000,"delay":{"delay":0.01,"jitter":0.001999,"correlation":0},"loss-gemodel":{"p":0.0131579,"r":0.25,"1-h":1,"1-k":0},"reorder":{"reorder":0.05,"correlation":0},"ecn":false,"gap":1},"bytes":0,"packets":0,"drops":0,"overlimits":0,"requeues":0,"backlog":0,"qlen":0}';
const JSON_TEXT = `[${HTB},${PLAIN},${RICH}]\n`;
const FILTERS = `filter protocol ip pref 1 u32 chain 0
filter protocol ip pref 1 u32 chain 0 fh 800: ht divisor 1
filter protocol ip pref 1 u32 chain 0 fh 800::800 order 2048 key ht 800 bkt 0 *flowid 1:12 not_in_hw
  match c612000c/ffffffff at 16
filter protocol ip pref 1 u32 chain 0 fh 800::801 order 2049 key ht 800 bkt 0 *flowid 1:13 not_in_hw
  match c612000d/ffffffff at 16
`;

function modelOf(sources: { readonly [from: string]: string } = { n1: '198.18.0.11' }): TcModel {
  const plan = planTc(
    { id: 'n1', device: 'eth0', sources, addresses: { n2: '198.18.0.12', n3: '198.18.0.13' } },
    { n1: { n2: { ...PERFECT_LINK, delayMs: 20.123 }, n3: { ...PERFECT_LINK, delayMs: 10, jitterMs: 2, distribution: 'normal', order: 'reorder', reorderPct: 5, lossPct: 5, lossBurst: 4 } } },
    null, { seed: 'seed', interval: 0 },
  );
  if (!plan.ok) throw new Error(plan.message);
  return plan.model;
}
const read = (text: string): readonly HeldQdisc[] => readQdiscs(text) ?? [];

describe('qdiscs', () => {
  test('as they were told differ in nothing, though tc rounds', () => {
    expect(qdiscDifference(modelOf(), read(JSON_TEXT))).toBeNull();
  });

  test.each<[string, string, string, RegExp]>([
    ['a longer delay', '"delay":0.020123', '"delay":0.021', /n1 → n2.*delay 21000us/],
    ['another limit', '"limit":20000,"delay":{"delay":0.020123', '"limit":1000,"delay":{"delay":0.020123', /n1 → n2.*limit 1000/],
    ['a loss', '"ecn":false,"gap":0', '"loss-random":{"loss":0.01,"correlation":0},"ecn":false,"gap":0', /n1 → n2.*loss 1%/],
    ['a corruption', '"ecn":false,"gap":0', '"corrupt":{"corrupt":0.01,"correlation":0},"ecn":false,"gap":0', /n1 → n2.*corrupt/],
    ['a rate', '"ecn":false,"gap":0', '"rate":{"rate":125000,"packetoverhead":0},"ecn":false,"gap":0', /n1 → n2.*rate 1000000bit/],
    ['a correlation', '"delay":0.020123,"jitter":0,"correlation":0', '"delay":0.020123,"jitter":0,"correlation":0.5', /n1 → n2.*delay with a correlation/],
    ['another handle', '"1000:"', '"2000:"', /n1 → n2.*2000:/],
    ['other bursts', '"r":0.25', '"r":0.2', /n1 → n3.*25% .*20% /],
    ['a part of the bursts lost only', '"1-h":1', '"1-h":0.5', /n1 → n3.*gemodel with other/],
    ['an order that is kept', '"gap":1', '"gap":0', /n1 → n3/],
    ['another kind', '"kind":"netem","handle":"1000:"', '"kind":"pfifo","handle":"1000:"', /n1 → n2.*pfifo/],
    ['another root', '"kind":"htb"', '"kind":"prio"', /eth0.*prio/],
  ])('%s is found', (_, from, to, found) => {
    expect(JSON_TEXT).toContain(from);
    const { place = '', asked, held } = qdiscDifference(modelOf(), read(JSON_TEXT.replace(from, to))) ?? {};
    expect(`${place} asked ${asked} held ${held}`).toMatch(found);
  });

  test('one that is missing, and one too many, are found', () => {
    expect(qdiscDifference(modelOf(), read(`[${HTB},${PLAIN}]`))).toMatchObject({ place: 'n1 → n3', held: 'nothing' });
    expect(qdiscDifference(modelOf(), read(`[${HTB},${PLAIN},${RICH},{"kind":"ingress","handle":"ffff:","parent":"ffff:fff1"}]`))).toMatchObject({ place: 'eth0', held: '4: ingress at ffff:fff1' });
    expect(qdiscDifference(modelOf(), read('[]'))).toMatchObject({ place: 'eth0', held: 'nothing' });
  });

  test.each(['no JSON', '{}', '[1]', '[{"kind":"netem"}]'])('%s is not what tc prints', (text) => expect(readQdiscs(text)).toBeNull());

  test('counters are those of each link', () => {
    expect(countersOf(modelOf(), read(JSON_TEXT))).toEqual([
      { from: 'n1', to: 'n2', packets: 100, drops: 3, backlogPackets: 2, limitPackets: 20_000 },
      { from: 'n1', to: 'n3', packets: 0, drops: 0, backlogPackets: 0, limitPackets: 20_000 },
    ]);
  });
});

describe('filters', () => {
  test('as they were told differ in nothing', () => expect(filterDifference(modelOf(), FILTERS)).toBeNull());

  test.each<[string, string, string, RegExp]>([
    ['another address', 'c612000c', 'c612000e', /n1 → n2.*c612000e/],
    ['a net', 'c612000c/ffffffff', 'c612000c/ffff0000', /n1 → n2.*ffff0000/],
    ['the source instead', 'c612000d/ffffffff at 16', 'c612000d/ffffffff at 12', /n1 → n3.*@12/],
    ['none', 'flowid 1:13', '', /n1 → n3.*none/],
    ['another class', 'flowid 1:13', 'flowid 1:12', /n1 → n2.*several/],
  ])('%s is found', (_, from, to, found) => {
    expect(FILTERS).toContain(from);
    const { place = '', asked, held } = filterDifference(modelOf(), FILTERS.replace(from, to)) ?? {};
    expect(`${place} asked ${asked} held ${held}`).toMatch(found);
  });

  test('one too many is found', () => {
    expect(filterDifference(modelOf(), `${FILTERS}filter x flowid 1:99\n  match 00000000/00000000 at 16\n`)).toMatchObject({ place: 'eth0', asked: '2 filters', held: '3' });
  });

  test('with several sources match both ends', () => {
    const model = modelOf({ n1: '198.18.0.11', n9: '198.18.0.19' });
    expect(filterDifference(model, FILTERS)).toMatchObject({ place: 'n1 → n2', asked: 'a filter c612000b/ffffffff@12 c612000c/ffffffff@16', held: 'c612000c/ffffffff@16' });
  });
});
