// Scales of charts: from a value to its place in [0, 1], and the round numbers on the axis. Every scale says what it shows
// at its ends: nothing is drawn beyond them.

export type Scale = {
  /** 0 at the least, 1 at the most; values beyond are clamped. */
  readonly at: (value: number) => number;
  /** minor: left out where there is little room. */
  readonly ticks: readonly { readonly value: number; readonly label: string; readonly minor: boolean }[];
};

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}

/** 1, 2 or 5 times a power of ten: the least that gives at most `most` steps. */
function niceStep(span: number, most: number): number {
  const power = 10 ** Math.floor(Math.log10(span / most));
  return ([1, 2, 5, 10].find((factor) => span / (factor * power) <= most + 1e-9) ?? 10) * power;
}

export function formatNumber(value: number): string {
  const digits = value === 0 || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 1 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

/** 2849 → 2,849 */
export function grouped(text: string): string {
  return text.replaceAll(/(?<![.\d])\d{4,}/g, (digits) => Number(digits).toLocaleString('en-US'));
}

export function linearScale(from: number, to: number, most: number): Scale {
  const span = to > from ? to - from : 1;
  const step = niceStep(span, most);
  const first = Math.ceil(from / step - 1e-9);
  const count = Math.floor((from + span) / step + 1e-9) - first + 1;
  return {
    at: (value) => clamp((value - from) / span),
    ticks: Array.from({ length: Math.max(0, count) }, (_, index) => {
      const value = (first + index) * step;
      return { value, label: formatNumber(Number(value.toPrecision(12))), minor: (first + index) % 2 !== 0 };
    }),
  };
}

/** Both ends above 0. Ticks at 1, 2 and 5 of each decade, at 1 alone over many of them. */
export function logScale(from: number, to: number): Scale {
  const low = Math.log(from);
  const span = Math.log(Math.max(to, from * 1.5)) - low;
  const ticks: { value: number; label: string; minor: boolean }[] = [];
  const manyDecades = span > Math.log(1_000);
  for (let power = Math.floor(Math.log10(from)); power <= Math.log10(to) + 1; power++) {
    for (const factor of manyDecades ? [1] : [1, 2, 5]) {
      const value = Number((factor * 10 ** power).toPrecision(3));
      if (Math.log(value) >= low - 1e-9 && Math.log(value) <= low + span + 1e-9) ticks.push({ value, label: formatNumber(value), minor: factor === 5 });
    }
  }
  return { at: (value) => clamp((Math.log(Math.max(value, from)) - low) / span), ticks };
}
