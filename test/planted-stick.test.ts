// Known ways to get the repaired STICK wrong, planted one at a time: the scenario that was written for each must notice.
import { testPlanted } from './planted-scenarios.ts';
import { STICK_PLANTS } from './plants/stick.ts';

testPlanted('stick', STICK_PLANTS);
