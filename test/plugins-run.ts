// Loads plug-ins in a plain Node.js process, because a test runner imports modules in a way of its own. Its argument is a JSON
// list of lists of files; on stdout one JSON list, of what each load brought or why it was refused.
import { loadPlugins } from '../orchestrator/cli/plugins.ts';
import { LabError } from '../orchestrator/errors.ts';

const answers: unknown[] = [];
for (const files of JSON.parse(process.argv[2] ?? '[]') as readonly (readonly string[])[]) {
  answers.push(await loadPlugins(files).then(
    ({ files, registry }) => ({ files, faults: registry.faults.map(({ name }) => name), sinks: registry.sinks.map(({ name }) => name) }),
    (error: unknown) => (error instanceof LabError ? { code: error.code, message: error.message, hint: error.hint } : { bug: String(error) }),
  ));
}
process.stdout.write(JSON.stringify(answers));
