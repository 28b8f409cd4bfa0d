// The report's page: one file that opens offline. Everything to read is in it without its script; the script draws charts
// to be looked into and follows the reader.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { inlined } from './inline.js';
import { packed, verdictOf } from './model.js';
import { empty, figure, paragraph, scrolling, section, table } from './page_parts.js';
import { variantSection } from './page_variant.js';
import { whyBody, whySections } from './page_why.js';
import { html, bytes, count, percent, plural, ratio, rounded, seconds, timeInterval } from './text.js';

const here = new URL('.', import.meta.url);
const file = (name) => readFileSync(new URL(name, here), 'utf8');
const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

function claimsSection(run) {
  if (!run?.claims.length) return section('claims', 'The claims of the case study', empty('Only a journey answers the claims.', 'photofinish journey --report DIR'));
  const figureOf = (claim, value) => (value === null ? '–' : claim.unit === 'share' ? percent(value) : ratio(value));
  const rows = run.claims.map((c) => [c.statement, c.verdict, figureOf(c, c.published), figureOf(c, c.measured),
    c.low === null ? '–' : `${figureOf(c, c.low)} to ${figureOf(c, c.high)}`, c.why + (c.note ? ` (note: ${c.note})` : '')]);
  return section('claims', 'The claims of the case study', scrolling(table(['claim', 'verdict', 'published', 'measured here', 'interval', 'why'], rows), 'Claims'));
}

function goalSection(run) {
  if (!run?.goal) return section('goal', 'The goal', empty('No goal was given.', 'photofinish journey --goal 4h --report DIR'));
  const { goal } = run;
  const rows = goal.steps.map((s) => [s.name, s.word, s.seconds ? timeInterval(s.seconds) : '–', s.hours === null ? '–' : rounded(s.hours), rounded(s.events),
    rounded(s.cpuS), ...(goal.price === null ? [] : [rounded(s.cost)])]);
  const words = `${count(goal.photos)} photos in ${seconds(goal.seconds)}. A projection to photos like these (${bytes(goal.bytesAPhoto)} each; the case study's have ${bytes(goal.publishedBytesAPhoto)}), on this machine. ${
    goal.firstMet ? `${goal.firstMet} is the first variant that meets it with its whole interval.` : 'No variant meets it with its whole interval.'}${
    goal.notRun.length ? ` Not run, since it was met before: ${goal.notRun.join(', ')}.` : ''}`;
  return section('goal', 'The goal', paragraph(words) + scrolling(table(['variant', 'goal', 'time for all photos', 'hours', 'events a week', 'CPU s a photo',
    ...(goal.price === null ? [] : ['cost of an event'])], rows), 'Projections'));
}

function variantsSection(run, figuresOf) {
  if (!run) return '';
  return section('variants', 'The variants, one by one', run.variants.map((v) => variantSection(run, v, figuresOf(`variant-${v.index}`))).join(''));
}

function pickers(run) {
  const timed = run.variants.filter((v) => v.status === 'ok' && v.counted);
  if (timed.length < 2) return '';
  const options = (chosen) => timed.map((v) => `<option value="${v.index}"${v === chosen ? ' selected' : ''}>${html(v.name)}</option>`).join('');
  const base = timed.includes(run.baseline) ? run.baseline : timed[0];
  const other = timed.find((v) => v !== base);
  return `<div class="script-only"><h3>Any two of them</h3>
<div class="picks script-only"><label>compare <select id="pick-a">${options(other)}</select></label> <label>with <select id="pick-b">${options(base)}</select></label></div>
<p class="soft">A click on a row of the chart above or of the waterfall picks the first, then the second; so does Enter on a row of their tables.</p>
<p id="pair-words" aria-live="polite"></p>
<figure id="pair-figure"><figcaption class="soft">The pair that was picked</figcaption><div class="stage" tabindex="0" role="region" aria-label="Chart of the pair"><div class="plot" role="img" aria-label="The pair"></div></div>
<div id="pair-table" class="scroll" tabindex="0" role="region" aria-label="Data of the pair"></div></figure></div>\n`;
}

function comparisonsSection(run, figures) {
  if (!run) return '';
  const charts = figures.map((f) => figure({ ...f, picks: f.key === 'ratios' })).join('');
  return section('comparisons', 'Comparisons', (charts || empty('Fewer than two variants have a time.', 'photofinish compare A B --json FILE && photofinish report FILE --out DIR')) + pickers(run));
}

function latencySection(loads, figures) {
  if (!loads.length) {
    return section('latency', 'Latency and objectives', empty('No load was recorded.', 'photofinish load VARIANT --slo p95=200ms --json load.json\nphotofinish report RECORD load.json --out DIR'));
  }
  const slos = loads.flatMap((load) => load.slos.map((s) => [`${load.variant}, ${load.scenario}`, s.slo, s.verdict, s.why]));
  const rates = loads.filter((load) => load.throughput).map((load) => paragraph(`${load.variant}, ${load.scenario}: ${rounded(load.throughput.mean)} photos/s${
    load.throughput.low === null ? '' : ` (${rounded(load.throughput.low)} to ${rounded(load.throughput.high)}, 95 % t-interval)`}, ${plural(load.trialRates.length, 'trial')}.`));
  return section('latency', 'Latency and objectives', loads.flatMap((load) => load.faces).map((f) => paragraph(f, 'face')).join('') + rates.join('') + figures.map(figure).join('') +
    (slos.length ? scrolling(table(['load', 'objective', 'verdict', 'why'], slos), 'Objectives') : paragraph('No objective was given (--slo p95=200ms).', 'soft')));
}

function plainSection(id, heading, figures, what, command) {
  return section(id, heading, figures.length ? figures.map(figure).join('') : empty(what, command));
}

function reproduceText(run) {
  const { seed, rounds, dataset } = run;
  return run.command === 'journey' ? `photofinish journey --dataset ${dataset.name} --rounds ${rounds} --seed ${seed} --report DIR` : `photofinish ${run.command} ...   (seed ${seed}, dataset ${dataset.name}, ${rounds} rounds)`;
}

function environmentSection(report) {
  const models = [report.main, ...report.scalings, ...report.loads].filter(Boolean);
  const inner = models.map((model) => {
    const rows = model.environment.rows.filter(([, value]) => value !== null).map(([name, value]) => [name, name === 'memory' ? bytes(value) : String(value)]);
    if (model.dataset) {
      rows.push(['dataset', `${model.dataset.name}: ${count(model.dataset.photos)} photos, ${bytes(model.dataset.bytes)}, cache ${model.dataset.cache}, hash ${model.dataset.hash}`],
        ['rounds', `${model.roundsDone} of ${model.rounds}, interleaved, seed ${model.seed}`], ['workers bound to', model.placement ?? '–'],
        ['reference', `${count(model.reference.scored)} photos scored, ${count(model.reference.failed)} could not be`]);
    }
    const lost = model.reference?.failures.length ? `<h4>Photos that could not be scored</h4>${scrolling(table(['photo', 'status', 'why'], model.reference.failures.map((f) => [f.path, f.status, f.error])), 'Photos that could not be scored')}` : '';
    return `<h3>Record ${html(model.id)}</h3>${table(['what', 'value'], rows)}${model.dataset ? `<p>To do the same again:</p><pre tabindex="0">${html(reproduceText(model))}</pre>` : ''}${lost}`;
  });
  return section('environment', 'Environment, and how to reproduce it', inner.join('') +
    paragraph('Times of different machines or days are not to be compared: compare the ratios within a record.', 'soft'));
}

const sections = [['verdict', 'Verdict'], ['waterfall', 'Journey'], ['claims', 'Claims'], ['goal', 'Goal'], ['variants', 'Variants'], ['comparisons', 'Comparisons'],
  ['scaling', 'Scaling'], ['concurrency', 'Concurrency'], ['latency', 'Latency'], ['hops', 'Bytes moved'], ['first-result', 'First result'], ...whySections, ['environment', 'Environment']];

// `figures`: {key, section, chart, svg, file} of every chart, in order.
export function pageOf(report, figures) {
  const run = report.main, lead = run ?? report.scalings[0] ?? report.loads[0] ?? report.profiles[0] ?? report.explanations[0] ?? report.limits[0] ?? report.complexities[0] ?? report.gates[0];
  const figuresOf = (name) => figures.filter((f) => f.section === name);
  const title = run ? `${run.command === 'journey' ? 'The journey' : `A ${run.command}`} over ${run.dataset.name}` : 'photofinish report';
  const verdict = run ? verdictOf(run).words : 'This report holds no journey, run or comparison.';
  const waterfallFigures = figuresOf('waterfall').map((f) => figure({ ...f, picks: true })).join('');
  const body = [
    section('verdict', 'Verdict', `<p class="verdict">${html(verdict)}</p>\n${(run?.faces ?? []).map((face) => paragraph(face, 'face')).join('')}`),
    section('waterfall', 'The journey', waterfallFigures || empty('No journey was recorded.', 'photofinish journey --report DIR')),
    claimsSection(run), goalSection(run), variantsSection(run, figuresOf), comparisonsSection(run, figuresOf('comparisons')),
    plainSection('scaling', 'How it scales', figuresOf('scaling'), 'No sweep was recorded.', 'photofinish sweep parallel --workers 1,2,4,8 --json sweep.json\nphotofinish report RECORD sweep.json --out DIR'),
    plainSection('concurrency', 'Throughput and memory against concurrency', figuresOf('concurrency'), 'No sweep was recorded.', 'photofinish sweep parallel --workers 1,2,4,8 --json sweep.json\nphotofinish report RECORD sweep.json --out DIR'),
    latencySection(report.loads, figuresOf('latency')),
    plainSection('hops', 'Bytes moved between processes', figuresOf('hops'), 'No process took bytes from another, or none was recorded.', 'photofinish journey --report DIR'),
    plainSection('first-result', 'Time to the first result', figuresOf('first-result'), 'No first result was recorded.', 'photofinish journey --report DIR'),
    ...whyBody(report, figuresOf('bounds')), environmentSection(report),
  ].join('');
  const charting = readFileSync(createRequire(import.meta.url).resolve('echarts/dist/echarts.min.js'), 'utf8');
  const script = inlined(new URL('page_script.js', here).pathname), style = file('page.css');
  if (/<\/script|<!--/i.test(charting + script)) throw new Error('a script holds what would end it');
  const policy = `default-src 'none'; script-src ${hash(charting)} ${hash(script)}; style-src ${hash(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
  const data = packed(report).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="photofinish report">
<meta name="photofinish-partial" content="${run?.partial ? 'yes' : 'no'}">
<title>${html(title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<a class="skip" href="#verdict">To the verdict</a>
<header><h1>${html(title)}</h1>
<div class="script-only" role="group" aria-label="Colours"><button type="button" data-colours="system" aria-pressed="true">as the system</button> <button type="button" data-colours="light" aria-pressed="false">light</button> <button type="button" data-colours="dark" aria-pressed="false">dark</button></div></header>
<nav aria-label="Sections"><ul>${sections.map(([id, name]) => `<li><a href="#${id}">${name}</a></li>`).join('')}</ul></nav>
<main>
${body}</main>
<footer>Drawn by photofinish from record ${html(lead.id)}${lead.started ? `, run of ${html(lead.started)}` : ''}${lead.label ? `, label: ${html(lead.label)}` : ''}. Charts by Apache ECharts (Apache License 2.0).</footer>
<script type="application/json" id="model">${data}</script>
<script>${charting}</script>
<script>${script}</script>
</body>
</html>
`;
}
