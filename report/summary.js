// The story of a run in Markdown, with its failures: what goes into a case study as text.
import { verdictOf } from './model.js';
import { whyOf, verdictText } from './page_variant.js';
import { percent, plain, ratio, ratioInterval, seconds, timeInterval } from './text.js';

// Names of a record are nothing but text in Markdown, too.
function marked(text) {
  return plain(text).replace(/[\\`*_<>[\]|~&#!]/g, (c) => `\\${c}`);
}

const row = (cells) => `| ${cells.map((cell) => marked(cell)).join(' | ')} |\n`;

function tableOf(columns, rows) {
  return row(columns) + `|${columns.map(() => '---|').join('')}\n` + rows.map(row).join('');
}

function failures(run) {
  const failed = run.variants.filter((v) => ['crashed', 'failed', 'wrong_output', 'timeout', 'invalid'].includes(v.status) || v.decision?.verdict === 'rejected');
  if (!failed.length) return 'Nothing failed, and nothing was rejected.\n';
  return failed.map((v) => `- **${marked(v.name)}**: ${marked(v.story.change ?? v.story.summary ?? 'no story recorded')}. ${marked(verdictText(v))}.${
    v.wall ? ` It took ${timeInterval(v.wall)}.` : ''}${whyOf(run, v).length ? ` By the figures, ${marked(whyOf(run, v).join('; '))}.` : ''}${
    v.story.principle ? ` Lesson: ${marked(v.story.principle)}.` : ''}\n`).join('');
}

function claims(run) {
  if (!run.claims.length) return '';
  const figure = (c, value) => (value === null ? '–' : c.unit === 'share' ? percent(value) : ratio(value));
  return `\n## The claims of the case study\n\n${tableOf(['claim', 'published', 'measured', 'interval', 'verdict', 'why'], run.claims.map((c) => [c.statement,
    figure(c, c.published), figure(c, c.measured), c.low === null ? '–' : `${figure(c, c.low)} to ${figure(c, c.high)}`, c.verdict, c.why]))}`;
}

function goal(run) {
  if (!run.goal) return '';
  return `\n## The goal\n\n${marked(`${run.goal.photos} photos in ${seconds(run.goal.seconds)}, projected from this run: ${run.goal.firstMet ? `${run.goal.firstMet} is the first variant that meets it` : 'no variant meets it'} with its whole interval.`)}\n`;
}

function loads(report) {
  if (!report.loads.length) return '';
  const rows = report.loads.flatMap((load) => load.slos.map((s) => [`${load.variant}, ${load.scenario}`, s.slo, s.verdict, s.why]));
  return `\n## Latency and objectives\n\n${rows.length ? tableOf(['load', 'objective', 'verdict', 'why'], rows) : 'No objective was given.\n'}`;
}

export function summaryOf(report, figures) {
  const run = report.main;
  const charts = figures.map((f) => `- [${marked(f.chart.title)}](${encodeURI(f.file)})\n`).join('');
  if (!run) return `# Report\n\nNo journey, run or comparison is in this report.\n${loads(report)}\n## Charts\n\n${charts}`;
  return `# ${run.command === 'journey' ? 'The journey' : `A ${marked(run.command)}`} over ${marked(run.dataset.name)}

**${marked(verdictOf(run).words)}**

${run.faces.map((face) => `> ${marked(face)}\n>\n`).join('')}${run.dataset.photos} photos on ${marked(run.environment.cpu)}, ${run.environment.cores ?? '?'} cores; ${run.roundsDone} rounds, interleaved; record ${run.id} of ${marked(run.started)}.

## Variant by variant

${tableOf(['variant', 'verdict', 'time', "of the incumbent's time", 'speedup over the baseline'], run.variants.map((v) => [v.name, verdictText(v), timeInterval(v.wall),
    ratioInterval(v.decision?.ratio), ratioInterval(v.overBaseline)]))}
## What failed, and why

${failures(run)}${claims(run)}${goal(run)}${loads(report)}
## Charts

${charts}`;
}
