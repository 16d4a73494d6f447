// `lab report`: its flags.
import type { ReportFlags } from '../report.ts';
import { collect, type AddCommand } from './command.ts';

export const addReport: AddCommand = (program) => {
  program.command('report')
    .description('write the report page of finished runs')
    .argument('<folder...>', 'folders that lab run printed, or run folders in them; several make one page')
    .option('--open', 'open the page in a browser', false)
    .option('--out <file>', 'where to write the page (default: report.html in the first folder)')
    .option('--svg <dir>', 'write each chart of the page as SVG into this folder')
    .option('--png <dir>', 'write each chart of the page as PNG into this folder')
    .option('--plugin <file>', 'a module with the protocols of these runs; may be given again', collect, [])
    .addHelpText('after', `
Examples:
  lab report results/quickstart-20260101T120000Z --open
  lab report results/before results/after --out both.html
  lab report results/before --svg pictures --png pictures`)
    .action(async (folders: readonly string[], flags: ReportFlags) => {
      const { reportFolders } = await import('../report.ts');
      await reportFolders(folders, flags);
    });
};
