// The formats of histories that `lab check` reads. A new one: parse in a file of its own, and its name here.
import { jepsenEtcd } from './jepsen-etcd.ts';
import { ndjson } from './ndjson.ts';
import { porcupineKv } from './porcupine-kv.ts';

export const FORMATS = [ndjson, jepsenEtcd, porcupineKv];
