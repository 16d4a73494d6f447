// What a kernel holds against what it was told, from what tc 6.1 printed on a 6.1 kernel: each planted difference is found.
import { describe, expect, test } from 'vitest';
import { PERFECT_LINK } from './link.ts';
import { countersOf, heldDifference, readQdiscs } from './tc-held.ts';
import type { HeldQdisc } from './tc-held.ts';
import { planTc } from './tc.ts';
import type { TcModel } from './tc.ts';

const HTB = '{"kind":"htb","handle":"1:","root":true,"refcnt":2,"options":{"r2q":10,"default":"0","direct_packets_stat":0,"direct_qlen":1000},"bytes":0,"packets":0,"drops":0,"overlimits":0,"requeues":0,"backlog":0,"qlen":0}';
const PLAIN = '{"kind":"netem","handle":"1000:","parent":"1:12","options":{"limit":20000,"delay":{"delay":0.020123,"jitter":0,"correlation":0},"ecn":false,"gap":0},"bytes":4200,"packets":100,"drops":3,"overlimits":0,"requeues":0,"backlog":84,"qlen":2}';
const RICH = '{"kind":"netem","handle":"1001:","parent":"1:13","options":{"limit":20000,"delay":{"delay":0.01,"jitter":0.001999,"correlation":0},"loss-gemodel":{"p":0.0131579,"r":0.25,"1-h":1,"1-k":0},"reorder":{"reorder":0.05,"correlation":0},"ecn":false,"gap":1},"bytes":0,"packets":0,"drops":0,"overlimits":0,"requeues":0,"backlog":0,"qlen":0}';
const JSON_TEXT = `[${HTB},${PLAIN},${RICH}]\n`;
const filter = (handle: string, flow: string, match: string) => `{"protocol":"ip","pref":1,"kind":"u32","chain":0,"options":{"fh":"${handle}","order":2048,"key_ht":"800","bkt":"0","flowid":"${flow}","not_in_hw":true,"rule_hit":0,"success":0,${match},"success":0}}`;
const match = (value: string) => `"match":{"value":"${value}","mask":"ffffffff","offmask":"","off":16}`;
const FILTERS = `[{"protocol":"ip","pref":1,"kind":"u32","chain":0},{"protocol":"ip","pref":1,"kind":"u32","chain":0,"options":{"fh":"800:","ht_divisor":1}},${filter('800::800', '1:12', match('c612000c'))},${filter('800::801', '1:13', match('c612000d'))}]`;

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
const differenceOf = (qdiscs: string, filters = FILTERS, model = modelOf()) => heldDifference(model, `${qdiscs.trim()}\n${filters}\n`);

describe('qdiscs', () => {
  test('as they were told differ in nothing, though tc rounds', () => {
    expect(differenceOf(JSON_TEXT)).toBeNull();
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
    const { place = '', asked, held } = differenceOf(JSON_TEXT.replace(from, to)) ?? {};
    expect(`${place} asked ${asked} held ${held}`).toMatch(found);
  });

  test('one that is missing, and one too many, are found', () => {
    expect(differenceOf(`[${HTB},${PLAIN}]`)).toMatchObject({ place: 'n1 → n3', held: 'nothing' });
    expect(differenceOf(`[${HTB},${PLAIN},${RICH},{"kind":"ingress","handle":"ffff:","parent":"ffff:fff1"}]`)).toMatchObject({ place: 'eth0', held: '4: ingress at ffff:fff1' });
    expect(differenceOf('[]')).toMatchObject({ place: 'eth0', held: 'nothing' });
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
  test('that are not shown are none', () => expect(differenceOf(JSON_TEXT, '')).toMatchObject({ place: 'n1 → n2', held: 'none' }));

  test.each<[string, string, string, RegExp]>([
    ['another address', 'c612000c', 'c612000e', /n1 → n2.*c612000e/],
    ['a net', 'c612000c","mask":"ffffffff', 'c612000c","mask":"ffff0000', /n1 → n2.*ffff0000/],
    ['the source instead', '"c612000d","mask":"ffffffff","offmask":"","off":16', '"c612000d","mask":"ffffffff","offmask":"","off":12', /n1 → n3.*@12/],
    ['none', '"flowid":"1:13",', '', /n1 → n3.*none/],
    ['another class', '"flowid":"1:13"', '"flowid":"1:12"', /n1 → n2.*several/],
  ])('%s is found', (_, from, to, found) => {
    expect(FILTERS).toContain(from);
    const { place = '', asked, held } = differenceOf(JSON_TEXT, FILTERS.replace(from, to)) ?? {};
    expect(`${place} asked ${asked} held ${held}`).toMatch(found);
  });

  test('one too many is found', () => {
    expect(differenceOf(JSON_TEXT, FILTERS.replace(/]$/, `,${filter('800::802', '1:99', match('00000000'))}]`))).toMatchObject({ place: 'eth0', asked: '2 filters', held: '3' });
  });

  test('with several sources match both ends', () => {
    const model = modelOf({ n1: '198.18.0.11', n9: '198.18.0.19' });
    const clients = [2, 3].map((index) => `{"kind":"netem","handle":"100${index}:","parent":"1:1${index + 2}","options":{"limit":20000,"gap":0}}`);
    const qdiscs = JSON_TEXT.replace(/]\s*$/, `,${clients.join()}]`);
    expect(differenceOf(qdiscs, FILTERS, model)).toMatchObject({ place: 'n1 → n2', asked: 'a filter c612000b/ffffffff@12 c612000c/ffffffff@16', held: 'c612000c/ffffffff@16' });
    const both = (source: string, destination: string) => `"match":{"value":"${source}","mask":"ffffffff","offmask":"","off":12},"success":0,${match(destination)}`;
    const filters = ['c612000b', 'c6120013'].flatMap((source) => ['c612000c', 'c612000d'].map((destination) => both(source, destination)));
    expect(differenceOf(qdiscs, `[${filters.map((text, index) => filter(`800::80${index}`, `1:1${index + 2}`, text)).join()}]`, model)).toBeNull();
  });
});
