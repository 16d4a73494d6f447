// `lab schema`: the JSON Schema of experiment files, with what plug-ins bring.
import { experimentJsonSchema } from '../json-schema.ts';
import { loadPlugins } from './plugins.ts';

export async function schemaText(plugins: readonly string[]): Promise<string> {
  const { registry } = await loadPlugins(plugins);
  return `${JSON.stringify(experimentJsonSchema(registry), null, 1)}\n`;
}
