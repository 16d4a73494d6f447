// What a line of events.ndjson must hold before anybody reads it as a LabEvent: the fields that judging touches, by type.
// A line that passes cannot make a check or a figure fail on a missing field; whether it is true is what verifying asks.
import type { LabEvent } from '../../kinds.ts';

type Kind = 'string' | 'number' | 'array' | 'object' | 'outcome';
/** 'a.b': a field of a field; 'a?.b': the field a may be null. */
type Fields = { readonly [path: string]: Kind };

const COMMAND: Fields = { 'command.id': 'string', 'command.op.type': 'string' };
const FIELDS: { readonly [type in LabEvent['type']]: Fields } = {
  arrived: { id: 'string' },
  placed: { id: 'string', 'at.slot': 'number', 'at.epoch': 'number' },
  rejected: { id: 'string', reason: 'string' },
  restored: { 'at.slot': 'number', 'at.epoch': 'number' },
  committed: { 'command?.id': 'string', 'command?.op.type': 'string', 'at.slot': 'number', 'at.epoch': 'number' },
  status: { 'status.role': 'string', 'status.epoch': 'number', 'status.configurations': 'array' },
  sent: { peer: 'string', frame: 'number', bytes: 'number' },
  received: { peer: 'string', frame: 'number', bytes: 'number' },
  durable: { entries: 'number', bytes: 'number', tookMs: 'number' },
  traffic: { sent: 'number', received: 'number', lost: 'number', bytes: 'number', fsyncs: 'number' },
  usage: { cpuUserMs: 'number', cpuSystemMs: 'number', rssBytes: 'number', loopDelayMs: 'number' },
  clock: { errorMs: 'number' },
  trace: { name: 'string' },
  invoke: { client: 'string', region: 'string', intendedMs: 'number', ...COMMAND },
  attempt: { client: 'string', id: 'string', to: 'string' },
  'back-off': { client: 'string', id: 'string', waitMs: 'number' },
  breaker: { region: 'string', to: 'string', state: 'string' },
  reply: { client: 'string', id: 'string', 'reply.outcome': 'string' },
  generator: { sendLagMs: 'number', loopDelayMs: 'number', cpuPct: 'number', sessions: 'number', capped: 'number' },
  action: { 'action.type': 'string', plannedMs: 'number', nodes: 'array' },
  certificate: { phase: 'string', from: 'string', to: 'string', trip: 'string', bytes: 'number', sent: 'number', samples: 'array' },
  counters: { links: 'array' },
  'scheduled-links': { plannedMs: 'number', skipped: 'number' },
  submitted: COMMAND,
  answered: { id: 'string', attempts: 'number', 'reply.outcome': 'string' },
  fault: { phase: 'string', name: 'string', index: 'number', nodes: 'array' },
};
const ENVELOPE: Fields = { atMs: 'number', node: 'string', life: 'number', sequence: 'number' };

type Wanted = { readonly path: string; readonly steps: readonly { readonly field: string; readonly nullable: boolean }[]; readonly kind: Kind };

function wantedOf(fields: Fields): readonly Wanted[] {
  return Object.entries({ ...ENVELOPE, ...fields }).map(([path, kind]) => ({
    path: path.replaceAll('?', ''), kind, steps: path.split('.').map((step) => ({ field: step.replace('?', ''), nullable: step.endsWith('?') })),
  }));
}

const WANTED = new Map<unknown, readonly Wanted[]>(Object.entries(FIELDS).map(([type, fields]) => [type, wantedOf(fields)]));

function isOf(kind: Kind, value: unknown): boolean {
  if (kind === 'array') return Array.isArray(value);
  if (kind === 'outcome') return typeof value === 'string' && Object.hasOwn(OUTCOMES, value);
  return kind === 'object' ? isObject(value) : typeof value === kind;
}

export function isObject(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function holds(line: { readonly [field: string]: unknown }, { steps, kind }: Wanted): boolean {
  let value: unknown = line;
  for (const { field, nullable } of steps) {
    if (!isObject(value)) return false;
    value = value[field];
    if (value === null && nullable) return true;
  }
  return isOf(kind, value);
}

const OUTCOMES: { readonly [outcome: string]: readonly Wanted[] } = {
  ok: wantedOf({ 'reply.at.slot': 'number', 'reply.at.epoch': 'number' }), fail: wantedOf({ 'reply.reason': 'string' }), unknown: wantedOf({ 'reply.reason': 'string' }),
};

/** What its outcome asks of a reply. */
function wantedOfReply(line: { readonly [field: string]: unknown }): readonly Wanted[] {
  const reply = line['reply'];
  return isObject(reply) ? OUTCOMES[String(reply['outcome'])] ?? wantedOf({ 'reply.outcome': 'outcome' }) : [];
}

/** What is wrong with a line, in words that follow its place; null: it is an event. */
export function problemOfEvent(line: unknown): string | null {
  if (!isObject(line)) return 'is not an event of this lab';
  const wanted = WANTED.get(line['type']);
  if (wanted === undefined) return `is not an event of this lab (its type is ${JSON.stringify(line['type']) ?? 'missing'})`;
  const missing = wanted.find((each) => !holds(line, each)) ?? (line['type'] === 'reply' || line['type'] === 'answered' ? wantedOfReply(line).find((each) => !holds(line, each)) : undefined);
  return missing === undefined ? null : `is not a whole event: ${missing.path} is not ${/^[ao]/.test(missing.kind) ? 'an' : 'a'} ${missing.kind}`;
}
