// `lab image build`: builds the image of the nodes and says what it has.
import { connectDocker } from './engine.ts';
import { ensureNodeImage, type WantedBase, wordsOfImage } from './image.ts';

/** Progress goes to stderr. */
export async function buildImage(wanted: WantedBase, json: boolean): Promise<void> {
  const image = await ensureNodeImage(await connectDocker(), wanted, (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(json ? `${JSON.stringify({ version: 1, ...image }, null, 2)}\n` : `${wordsOfImage(image)}\n`);
}
