// The JSON Schema of an experiment file, for editors: what schema.ts says of keys and bounds, the units as patterns with an
// example, and every name that the registry knows. It is for completion and early warnings; the lab's own reading decides.
import { z } from 'zod';
import type { Json } from '../node/contract.ts';
import { PROFILES } from '../netem/profiles.ts';
import type { Registry } from './builtins.ts';
import { METRICS } from './metrics/names.ts';
import { VIOLATIONS } from './predictions.ts';
import { experimentSchema, loadSchema } from './schema.ts';
import { bitrate, bytes, duration, offset, offsetRange, percent, positiveDuration, ppm, ppmRange } from './units.ts';

export type JsonSchema = { readonly [key: string]: Json | undefined };
type Quantity = { readonly type: 'string'; readonly pattern: string; readonly description: string };

const TIME = '(us|ms|s|m|h)';
const NUMBER = '\\d+(\\.\\d+)?';
const DURATION: Quantity = { type: 'string', pattern: `^${NUMBER}${TIME}$`, description: 'a duration, such as 250ms or 20s; units: us, ms, s, m, h' };
const RATE: Quantity = { type: 'string', pattern: `^${NUMBER}/(s|m)$`, description: 'a rate, such as 100/s; units: /s, /m' };
const RANGE = '(±|\\+-|\\+/-)?\\s*';

const quantities = z.registry<Quantity>();
quantities.add(duration, DURATION);
quantities.add(positiveDuration, DURATION);
quantities.add(offset, { type: 'string', pattern: `^[+-]?${NUMBER}${TIME}$`, description: 'a time offset, such as -300ms' });
quantities.add(offsetRange, { type: 'string', pattern: `^${RANGE}[+-]?${NUMBER}${TIME}$`, description: 'a time offset, such as 15ms; ±15ms is drawn for each node' });
quantities.add(percent, { type: 'string', pattern: `^${NUMBER}%$`, description: 'a percentage, such as 1%' });
quantities.add(ppm, { type: 'string', pattern: `^${NUMBER}ppm$`, description: 'a rate error, such as 500ppm' });
quantities.add(ppmRange, { type: 'string', pattern: `^${RANGE}[+-]?${NUMBER}ppm$`, description: 'a rate error, such as 40ppm; ±40ppm is drawn for each node' });
quantities.add(bitrate, { type: 'string', pattern: `^${NUMBER}(kbit|mbit|gbit)$`, description: 'a bit rate, such as 10mbit' });
quantities.add(bytes, { type: 'string', pattern: `^${NUMBER}(B|kB|KiB|MiB|GiB)$`, description: 'a size, such as 1400B' });

/** By the path of the key; keys of faults and workloads are described by their own summaries. */
const KEYS: { readonly [path: string]: string } = {
  name: 'up to 40 of a-z, 0-9 and -; names the folder of its results',
  protocols: 'what is compared: a name, or { name: { option: value }, as: label }',
  nodes: 'a count, or a list of regions of the network, one for each node',
  leader: 'the node or region that leads; refused unless every protocol can pin one',
  spares: 'nodes that wait to join, a count or a list of regions: they get the next names, and only a fault (add-node, replace-node, start) starts them',
  network: 'the links between the nodes',
  'network.wan': 'a network profile (lab wan shows them), or a file with a matrix of your own: ./my-matrix.csv or .json, relative to the experiment file',
  'network.regions': 'these of its regions alone, in this order: a count of nodes takes the first ones',
  'network.scale': 'multiplies all delays, and the jitter of a profile',
  'network.links': 'changes of single links: "a -> b" one way, "a - b" both ways, * for all',
  'network.schedule': 'changes of links over time that are no faults: steps, ramps, recorded traces, periods',
  'network.frame': 'the largest datagram, header included',
  'network.message': 'the largest message of a protocol, split into frames',
  clocks: 'what the clocks of the nodes read',
  'clocks.offset': 'of the wall clock from true time at the start',
  'clocks.drift': 'of the oscillator',
  'clocks.ntp': 'how the wall clocks are kept right; null: not at all',
  disk: 'what a durable write costs',
  'disk.fsync': 'at least so long; real: as the machine does it (1ms in the simulator)',
  limits: 'of the container of each node (docker), so that nodes are comparable; absent: all processors, 1GiB, 256',
  'limits.cpus': 'processors, such as 0.5; null: all there are',
  'limits.memory': 'what needs more is ended',
  'limits.pids': 'processes and threads',
  load: 'what clients ask, from where and how often',
  'load.workload': 'which operations, and what correct answers are',
  'load.rate': 'of all clients together, such as 100/s (open loop); max: each connection asks again at once (closed loop)',
  'load.arrivals': 'the gaps of the open loop',
  'load.clients': 'regions and their weights; with rate: max, their connections',
  'load.connections': 'of the closed loop, shared among the clients by their weights',
  'load.target': 'which node a client asks',
  'load.atFollower': 'what a follower does with a command: passes it on, or names the leader',
  'load.timeout': 'from the intended send time; then the outcome is unknown',
  'load.retry': 'an attempt without an answer is repeated at another node after this',
  'load.backoff': 'how long a client waits before it repeats an attempt',
  'load.breaker': 'a client leaves a node alone after so many failures in a row; null: never',
  'load.batch': 'commands due within a millisecond for one node, in one request; only in the open loop',
  'load.maxSessions': 'sessions that the open loop opens at most',
  run: 'how long, and how often',
  'run.warmup': 'before the measure window',
  'run.measure': 'the measure window',
  'run.settle': 'at most so long for what is still open; at least load.timeout',
  'run.repeat': 'repetitions, each with a seed of its own',
  'run.seed': 'fixes all randomness',
  faults: 'what breaks, and when: { at: 20s, crash: leader, for: 5s }',
  expect: 'thresholds by figure: { commit.p99: below 5s }; a missed one ends with exit code 2',
  predicted: 'what is expected of figures, shown beside what is measured: { of: label, when: { path: value of the sweep }, throughput: 22/s }; violated.CLAIM: share of the repetitions. It changes no exit code',
  sweep: 'lists of values by path: { network.scale: [1, 2] }; every combination is a run',
  search: 'looks for the value at which a target ceases to hold, by bisection, and tells it as an interval',
  'search.vary': 'a numeric field by its path, such as load.rate; or paths with factors, which get so many times the value: { protocols.0.x.timeoutMs.0: 1, protocols.0.x.timeoutMs.1: 2 }',
  'search.between': 'both ends, written as the field is: [10/s, 5000/s]',
  'search.hold': 'a figure, < or >, and a value, such as commit.p99 < 500ms; or a list, all of which have to hold',
  'search.resolution': 'how near both ends of the interval come: a share of the value, or a step in its unit, of which all values are then multiples above the lower end',
  'search.points': 'values over the whole range that are judged in any case, its ends among them: whether the map is monotone is looked at, not assumed',
  'search.repeat': 'runs of each value, under the same seeds for each; it holds when all of them hold (--repeat sets it too)',
  'search.runs': 'at most so many for each protocol; then the interval stays as wide as it is',
};

/** Of an entry of network.schedule. */
const SCHEDULE_KEYS: { readonly [key: string]: string } = {
  from: 'what `at` counts from', for: 'then the links are again as below this entry', trace: 'a CSV file beside the experiment: time_ms, and delay_ms, jitter_ms, loss_pct, rate_kbit',
  repeat: 'the last row of the trace only says when it begins again', every: 'a period', steps: 'of each period',
  distribution: 'of the jitter', burst: 'mean length of a run of losses, in datagrams', queue: 'datagrams that wait for a limited rate',
  order: 'keep: jitter is a delay that changes every 100 ms; reorder: it is drawn for each datagram',
};

/** A part of a schema that may be written to. */
type Part = { [key: string]: Json | undefined };

function schemaOf(schema: z.ZodType): Part {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', metadata: quantities }) as Part;
  return rest;
}

function propertiesOf(part: Part): { [key: string]: Part } {
  return (part['properties'] ?? {}) as { [key: string]: Part };
}

/** The properties of this object, also where null may stand in its place. */
function sectionOf(part: Part): Part {
  const choices = (part['anyOf'] ?? []) as readonly Part[];
  return choices.find((choice) => choice['properties'] !== undefined) ?? part;
}

function typeOf(value: Json): Part {
  if (value === null) return {};
  if (Array.isArray(value)) return { type: 'array' };
  return { type: typeof value };
}

/** An option takes what its default is; 'auto' and times as texts may stand for numbers. */
function optionOf(value: Json): Part {
  const type = typeOf(value);
  return { ...(typeof value === 'string' || typeof value === 'number' ? {} : type), default: value };
}

function protocolsOf({ protocols }: Registry): Part {
  return {
    anyOf: [
      { enum: protocols.map(({ name }) => name) },
      {
        type: 'object', additionalProperties: false,
        properties: {
          ...Object.fromEntries(protocols.map(({ name, summary, defaults }) => [name, {
            type: 'object', description: summary, additionalProperties: false,
            properties: Object.fromEntries(Object.entries(defaults as { readonly [option: string]: Json }).map(([option, value]) => [option, optionOf(value)])),
          }])),
          as: { type: 'string', description: 'what the results call it' },
        },
      },
    ],
  };
}

function faultsOf({ faults }: Registry): Part {
  return {
    anyOf: faults.map(({ name, summary, params }) => {
      const schema = schemaOf(params);
      const { value = {}, ...options } = propertiesOf(schema);
      return {
        type: 'object', description: summary, additionalProperties: false, required: ['at', name],
        properties: {
          at: { ...DURATION, description: 'since the start of the measure window' },
          [name]: { ...value, description: summary }, ...options,
          phase: { enum: ['fixed'], description: 'at exactly this time in each repetition' },
        },
      };
    }),
  };
}

/** Of network.schedule, where a delay may be the way to one. */
function describeSchedule(schedule: Part): void {
  const properties = propertiesOf(schedule['items'] as Part);
  for (const [key, text] of Object.entries(SCHEDULE_KEYS)) properties[key] = { ...properties[key], description: text };
  properties['at'] = { ...DURATION, description: 'since the start of the measure window, or from: start' };
  properties['links'] = { description: 'a - b, a -> b, or a list of these', default: '* - *', anyOf: [{ type: 'string' }, { type: 'array', minItems: 1, items: { type: 'string' } }] };
  properties['delay'] = {
    description: 'a duration, such as 60ms, or a ramp to one: { to: 200ms, over: 30s }',
    anyOf: [{ ...DURATION }, { type: 'object', additionalProperties: false, required: ['to', 'over'], properties: { to: { ...DURATION }, over: { ...DURATION }, steps: { description: 'equal ones, 100ms at least', default: 'auto', anyOf: [{ enum: ['auto'] }, { type: 'integer', minimum: 1 }] } } }],
  };
}

function loadOf({ workloads }: Registry): Part {
  const own = schemaOf(loadSchema);
  const properties = propertiesOf(own);
  for (const { name, params } of workloads) {
    for (const [key, part] of Object.entries(propertiesOf(schemaOf(params)))) {
      const unit = part['description'];
      properties[key] ??= { ...part, description: `of the workload ${name}${typeof unit === 'string' ? `: ${unit}` : ''}` };
    }
  }
  Object.assign(properties['workload'] ?? {}, { enum: workloads.map(({ name }) => name) });
  properties['rate'] = { default: '100/s', anyOf: [{ ...RATE }, { enum: ['max'] }] };
  return { type: 'object', additionalProperties: false, properties };
}

/** A region of a profile, or of a matrix that only the experiment knows. */
function regionOf(): Part {
  return { anyOf: [{ enum: [...new Set(PROFILES.flatMap(({ regions }) => regions))] }, { type: 'string' }] };
}

function predictionSchema(): Part {
  const label: Part = { type: 'string' };
  const figures = [...METRICS, ...VIOLATIONS.map((name) => ({ name, meaning: 'share of the repetitions in which this did not hold, claimed or not' }))];
  return {
    type: 'object', additionalProperties: false, minProperties: 1,
    properties: {
      of: { description: 'labels of protocols; absent: all', anyOf: [label, { type: 'array', items: label }] },
      when: { type: 'object', description: 'only where the experiment has these values at these paths, as combinations of a sweep do' },
      ...Object.fromEntries(figures.map(({ name, meaning }) => [name, { type: ['string', 'number'], description: meaning }])),
    },
  };
}

/** Of files that this registry reads. */
export function experimentJsonSchema(registry: Registry): JsonSchema {
  const schema = schemaOf(experimentSchema);
  const properties = propertiesOf(schema);
  const set = (name: string, part: Part) => { properties[name] = part; };
  set('name', { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,39}$' });
  set('protocols', { type: 'array', minItems: 1, items: protocolsOf(registry) });
  set('spares', { default: 0, anyOf: [{ type: 'integer', minimum: 0, maximum: 64 }, { type: 'array', items: regionOf() }] });
  set('nodes', { default: 5, anyOf: [{ type: 'integer', minimum: 1, maximum: 64 }, { type: 'array', items: regionOf() }] });
  set('load', loadOf(registry));
  set('faults', { type: 'array', items: faultsOf(registry) });
  set('expect', {
    type: 'object', additionalProperties: false,
    properties: Object.fromEntries(METRICS.map(({ name, meaning }) => [name, { type: 'string', pattern: '^(below|above) \\S', description: meaning }])),
  });
  set('predicted', { type: 'array', maxItems: 1000, items: predictionSchema() });
  const network = propertiesOf(properties['network'] ?? {});
  network['wan'] = { default: 'lan', anyOf: [{ enum: PROFILES.map(({ name }) => name) }, { type: 'string', pattern: '/|\\.([cC][sS][vV]|[jJ][sS][oO][nN])$' }] };
  Object.assign(network['regions'] ?? {}, { items: regionOf() });
  describeSchedule(propertiesOf(properties['network'] ?? {})['schedule'] ?? {});
  propertiesOf(properties['disk'] ?? {})['fsync'] = { default: 'real', anyOf: [{ ...DURATION }, { enum: ['real'] }] };
  for (const [path, text] of Object.entries(KEYS)) describe(properties, path.split('.'), text);
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'An experiment of the lab', ...schema };
}

/** Keeps what the unit says. */
function describe(properties: { [key: string]: Part }, [key = '', ...rest]: readonly string[], text: string): void {
  const part = properties[key];
  if (part === undefined) return;
  if (rest.length > 0) return describe(propertiesOf(sectionOf(part)), rest, text);
  const unit = part['description'];
  part['description'] = typeof unit === 'string' ? `${text}; ${unit}` : text;
}
