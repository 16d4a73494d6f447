// Units: what is read, what is refused, and the spelling that each refusal proposes.
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { bitrate, duration, offset, offsetRange, positiveDuration, ppm, ppmRange, readBytes, readDuration, readPercent, readRate } from './units.ts';
import type { Quantity } from './units.ts';

function told<T>(result: Quantity<T>): string {
  return 'value' in result ? `value ${JSON.stringify(result.value)}` : `${result.problem} → ${result.remedy}`;
}

function toldBy(schema: z.ZodType, input: unknown): unknown {
  const result = schema.safeParse(input);
  return result.success ? result.data : result.error.issues[0]?.message;
}

describe('durations', () => {
  test.each([
    ['20s', 20_000], ['150ms', 150], ['1m', 60_000], ['1.5h', 5_400_000], ['0s', 0], ['250us', 0.25], [' 2s ', 2000],
  ])('%s is %d ms', (text, ms) => expect(readDuration(text)).toEqual({ value: ms }));

  test.each([
    [20, '20 has no unit → write 20s or 20ms'],
    ['20', '"20" has no unit → write 20s or 20ms'],
    [0, '0 has no unit → write 0s or 0ms'],
    ['20sec', '"20sec" is not a duration → write 20s'],
    ['5 mins', '"5 mins" is not a duration → write 5m'],
    ['20 s', '"20 s" is not a duration → write 20s'],
    ['20MS', '"20MS" is not a duration → write 20ms'],
    ['-5ms', '"-5ms" is negative → a duration here is 0 or more'],
    ['soon', '"soon" is not a duration → write it as a number with a unit, such as 20s; units: us, ms, s, m, h'],
    ['', '"" is not a duration → write it as a number with a unit, such as 20s; units: us, ms, s, m, h'],
    [null, 'null is not a duration → write it as a number with a unit, such as 20s; units: us, ms, s, m, h'],
    [[1], '[1] is not a duration → write it as a number with a unit, such as 20s; units: us, ms, s, m, h'],
    [undefined, 'missing: a duration belongs here → write it as a number with a unit, such as 20s; units: us, ms, s, m, h'],
    ['1e3s', '"1e3s" is not a duration → write it as a number with a unit, such as 20s; units: us, ms, s, m, h'],
    ['5constructor', '"5constructor" is not a duration → write it as a number with a unit, such as 20s; units: us, ms, s, m, h'],
  ])('%j is refused', (input, words) => expect(told(readDuration(input))).toBe(words));

  test('where time must pass, none is refused', () => {
    expect(toldBy(positiveDuration, '0ms')).toBe('"0ms" is no time at all\nwrite a duration above 0s');
    expect(toldBy(duration, '0ms')).toBe(0);
  });
});

describe('other quantities', () => {
  test('percentages lie between 0 and 100', () => {
    expect(told(readPercent('1.5%'))).toBe('value 1.5');
    expect(told(readPercent(20))).toBe('20 has no unit → write 20%');
    expect(told(readPercent('101%'))).toBe('"101%" is more than 100% → write a share between 0% and 100%');
    expect(told(readPercent('-1%'))).toBe('"-1%" is negative → a percentage here is 0 or more');
  });

  test('rates are per second or per minute, and above 0', () => {
    expect(told(readRate('100/s'))).toBe('value 100');
    expect(told(readRate('30/m'))).toBe('value 0.5');
    expect(told(readRate(100))).toBe('100 has no unit → write 100/s');
    expect(told(readRate('100/sec'))).toBe('"100/sec" is not a rate → write 100/s');
    expect(told(readRate('0/s'))).toBe('"0/s" is no load → write a rate above 0/s');
  });

  test('sizes are whole bytes', () => {
    expect(told(readBytes('60kB'))).toBe('value 60000');
    expect(told(readBytes('1KiB'))).toBe('value 1024');
    expect(told(readBytes(1400))).toBe('1400 has no unit → write 1400B');
    expect(told(readBytes('1.5B'))).toBe('"1.5B" is not a size → write whole bytes, such as 1400B');
  });

  test('bit rates are in kbit', () => {
    expect(toldBy(bitrate, '10mbit')).toBe(10_000);
    expect(toldBy(bitrate, 10)).toBe('10 has no unit\nwrite 10mbit or 10kbit');
    expect(toldBy(bitrate, '0kbit')).toBe('"0kbit" lets nothing through\nwrite a rate above 0kbit, or a loss of 100%');
  });

  test('offsets have a sign, rate errors of NTP have none', () => {
    expect(toldBy(offset, '-200ms')).toBe(-200);
    expect(toldBy(offset, '+1s')).toBe(1000);
    expect(toldBy(offset, -200)).toBe('-200 has no unit\nwrite -200ms or -200s');
    expect(toldBy(ppm, '500ppm')).toBe(500);
    expect(toldBy(ppm, '-500ppm')).toBe('"-500ppm" is negative\nwrite 0ppm or more');
  });
});

describe('ranges', () => {
  test.each([
    ['±15ms', { from: -15, to: 15 }], ['+-15ms', { from: -15, to: 15 }], ['+/-1s', { from: -1000, to: 1000 }],
    ['15ms', { from: 15, to: 15 }], ['-15ms', { from: -15, to: -15 }],
  ])('%s', (text, range) => expect(toldBy(offsetRange, text)).toEqual(range));

  test('a range without its unit is refused with the range that was meant', () => {
    expect(toldBy(offsetRange, '±15')).toBe('"±15" is not a time offset\nwrite ±15ms or ±15s');
    expect(toldBy(ppmRange, '±40')).toBe('"±40" is not a rate error\nwrite ±40ppm');
    expect(toldBy(ppmRange, 40)).toBe('40 has no unit\nwrite 40ppm');
    expect(toldBy(offsetRange, '±-15ms')).toBe('"±-15ms" is not a time offset\nwrite ±15ms');
  });
});
