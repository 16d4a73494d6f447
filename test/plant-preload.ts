// Preloaded (NODE_OPTIONS=--import) into the lab and the processes that it starts: plants errors in what they load.
// LAB_PLANT: [{"file", "from", "to"}] as JSON.
import { plantTexts, type Replacement } from './planting.ts';

plantTexts(JSON.parse(process.env['LAB_PLANT'] ?? '[]') as readonly Replacement[]);
