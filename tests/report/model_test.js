// The model against the records that it is made of, and the statistics against those of the program.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packed, reportModel, unpacked, verdictOf } from '../../report/model.js';
import { amdahl, interval, pairedRatios, studentQuantile, uslFit, uslSpeedup } from '../../report/statistics.js';
import { fitted, html, measureText, plain, seconds, textWidth, timeInterval, wrapped } from '../../report/text.js';
import { summaryOf } from '../../report/summary.js';
import * as records from './records.js';

const close = (a, b, by = 1e-9) => assert.ok(Math.abs(a - b) <= by * Math.max(1, Math.abs(b)), `${a} is not ${b}`);
const modelOf = (...all) => reportModel(records.sources(...all));

test('ratios and intervals computed here are those of the record', () => {
  const run = modelOf(records.load('results/journey-dash.json')).main;
  let compared = 0;
  for (const variant of run.variants) {
    const parent = run.byName.get(variant.parent);
    if (!variant.overParent || !parent) continue;
    const own = interval(pairedRatios(parent, variant).map((pair) => pair.ratio), { logarithms: true });
    for (const key of ['mean', 'low', 'high']) close(own[key], variant.overParent[key], 1e-9);
    const wall = interval(variant.trials.filter((t) => t.counts).map((t) => t.wallS));
    for (const key of ['mean', 'low', 'high']) close(wall[key], variant.wall[key], 1e-9);
    compared++;
  }
  assert.ok(compared > 8);
});

test("Student's quantiles", () => {
  close(studentQuantile(0.95, 4), 2.776445105, 1e-8);
  close(studentQuantile(0.95, 1), 12.7062047, 1e-8);
  close(studentQuantile(0.99, 30), 2.749995654, 1e-8);
  assert.equal(interval([]), null);
  assert.deepEqual(interval([2]), { mean: 2, low: null, high: null, level: 0.95, n: 1 });
});

test("Amdahl's bound and the fit of the scalability law", () => {
  close(amdahl(0.95, 8), 5.925925925925926);
  const law = { sigma: 0.07, kappa: 0.003 };
  const fit = uslFit([1, 2, 4, 8, 16].map((workers) => ({ workers, speedup: uslSpeedup(law, workers) })));
  close(fit.sigma, law.sigma, 1e-6);
  close(fit.kappa, law.kappa, 1e-6);
  assert.equal(uslFit([1, 2, 4].map((workers) => ({ workers, speedup: workers }))), null);
});

test('stages and what is in none add up to the lives of those that work', () => {
  const record = records.journey(), run = modelOf(record).main;
  for (const name of ['double-load', 'parallel', 'chunked']) {
    const variant = run.byName.get(name), raw = record.variants.find((v) => v.name === name).trials;
    const wanted = raw.map((t) => (t.spans.lifetime_ns - (t.spans.has_workers ? t.spans.slots[0].between_ns : 0)) * 1e-9);
    close(variant.breakdown.totalS, wanted.reduce((a, b) => a + b) / wanted.length, 1e-3);
    assert.ok(variant.breakdown.unattributedS >= 0);
  }
});

test('a trial that does not count has no time anywhere', () => {
  const record = records.journey();
  record.variants[2].trials[0].checked = false;
  record.variants[2].trials[1].ending = 'disturbed';
  const variant = modelOf(record).main.variants[2];
  assert.equal(variant.counted, 3);
  assert.equal(variant.trials[0].wallS, null);
  assert.equal(variant.trials[1].wallS, null);
  assert.equal(pairedRatios(variant, modelOf(record).main.baseline).length, 3);
});

test('the verdict is about the last one that was kept for its time', () => {
  const run = modelOf(records.journey()).main;
  assert.match(verdictOf(run).words, /^parallel is what was kept in the end: 1\.52 s .* where double-load took 3\.52 s, 2\.32 \(2\.25 to 2\.39\) times as fast; 95 % t-interval, 5 rounds\.$/);
  assert.match(verdictOf(modelOf(records.load('tests/cli/stored/compare.json')).main).words, /(undecided|faster|slower|equivalent)/);
  assert.equal(verdictOf(modelOf(records.invalid()).main).words, 'Nothing valid was measured.');
});

test('a record without decisions has none made up', () => {
  const run = modelOf(records.load('results/journey-dash.json')).main;
  assert.equal(run.decided, false);
  assert.ok(run.variants.every((v) => v.decision === null));
});

test('records of any kind make a model; those that make none say why', () => {
  for (const make of [records.journey, records.hostile, records.partial, records.invalid, records.mangled, records.empty, records.single]) {
    const report = modelOf(make());
    assert.ok(summaryOf(report, []).length > 50);
    assert.doesNotMatch(JSON.stringify(report.main.variants), /NaN/);
  }
  assert.throws(() => modelOf({ schema: 'photofinish.time/1' }), /not of photofinish\.time\/1/);
  assert.throws(() => modelOf(null), /a file without a schema/);
  assert.throws(() => modelOf(records.journey(), records.journey()), /a second journey/);
});

test('the page gets the same model back', () => {
  const report = modelOf(records.journey(), records.loadRecord(5000), records.scaling()), again = unpacked(packed(report));
  assert.equal(again.main.baseline.name, 'double-load');
  assert.equal(again.main.byName.get('chunked').example.spans.slots.length, 3);
  assert.equal(verdictOf(again.main).words, verdictOf(report.main).words);
  assert.equal(again.loads[0].n, 5000);
  assert.equal(again.loads[0].latencies.length, 2000);
  assert.equal(again.loads[0].latencies.at(-1), Math.max(...records.loadRecord(5000).queries.map((q) => q.latency_ns)) * 1e-9);
});

test('names are only text', () => {
  assert.equal(plain('\u001b[31m\u202eab\u0000'), '\\u{1b}[31m\\u{202e}ab\\u{0}');
  assert.equal(plain('\ud800x😀'), '\\u{d800}x😀');
  assert.equal(html('<b a="1">&\'</b>'), '&#60;b a=&#34;1&#34;&#62;&#38;&#39;&#60;/b&#62;');
  const summary = summaryOf(modelOf(records.hostile()), []);
  assert.doesNotMatch(summary, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  assert.doesNotMatch(summary, /(?<!\\)<(script|img)/);
});

test('the summary tells what failed and why', () => {
  const summary = summaryOf(modelOf(records.journey()), []), failed = summary.slice(summary.indexOf('## What failed'));
  for (const name of ['chunked', 'pipelined', 'reload', 'threaded', 'tiles']) assert.match(failed, new RegExp(`- \\*\\*${name}\\*\\*:`));
  assert.match(failed, /SIGSEGV in faces/);
  assert.doesNotMatch(failed, /- \*\*parallel\*\*/);
});

test('text is measured and cut to fit', () => {
  close(textWidth('iii', 10), 3 * 2.78, 1e-3);
  assert.ok(textWidth('MMM', 10, true) > textWidth('MMM', 10));
  assert.equal(measureText('iii', 'bold 20px DejaVu Sans').width, textWidth('iii', 20, true));
  assert.ok(textWidth(fitted('x'.repeat(255), 100, 12), 12) <= 100);
  assert.ok(wrapped('one two three four five six', 60, 12).every((line) => textWidth(line, 12) <= 60));
  assert.equal(wrapped('one two three four five six', 60, 12, { lines: 2 }).length, 2);
  assert.ok(wrapped('y'.repeat(200), 60, 12).every((line) => textWidth(line, 12) <= 60));
});

test('numbers read as those of the terminal do', () => {
  assert.deepEqual([0.0128, 0.0995, 1.518, 12.34, 599.5, 15480].map(seconds), ['13 ms', '0.10 s', '1.52 s', '12.3 s', '10 min', '4 h 18 min']);
  assert.equal(timeInterval({ mean: 1.518, low: 1.47, high: 1.56 }), '1.52 s ±0.04');
  assert.equal(timeInterval({ mean: 1.518, low: null, high: null }), '1.52 s');
  assert.equal(seconds(null), '–');
});

test('profile, bounds, limits, complexity and gate fill their sections, and whatever they hold is text', async () => {
  const { pageOf } = await import('../../report/page.js');
  const evil = '<img src=x onerror=alert(1)>';
  const sources = [
    { $schema: 'https://www.speedscope.app/file-format-schema.json', name: evil, shared: { frames: [{ name: 'decode' }, { name: 'inner' }, { name: evil }] },
      profiles: [{ samples: [[0, 1], [0, 1, 2], [0, 99], 'nonsense'], weights: [30, 50, 20, 7] }, 3] },
    { schema: 'photofinish.explain/1', variant: evil, bound: 'decode bounds it', stages: [{ stage: 'decode', own_s: 1, path_share: 0.5, main_share: 0, speedup_at_half: 1.4,
      speedup_at_none: 'much' }], worker_time: { working: 0.5, not_begun: evil }, limits: { network_gflops: 25, peak_gflops: 100, peak: evil, run_share: 0.29,
        run_share_of_own: 0.15, decoder: 'own', network_intensity: 4, memory_gb_per_s: 20 } },
    { schema: 'photofinish.limits/1', processes: 2, limits: [{ name: 'memory-read', unit: 'GB/s', what: evil, one: { median: 10, low: 9, high: 11, best: 11 }, all: { median: 20 } }] },
    { schema: 'photofinish.complexity/1', most_exponent: 1.25, workloads: [{ workload: 'bursts', axis: 'photos', verdict: 'too fast', law: { name: 'n^2' },
      points: [{ n: 430, cpu_ns: 1e5 }, { n: 27539, cpu_ns: 4e8 }, { n: 'x' }], exponent: { mean: 1.99, low: 1.9, high: 2.1 } }, { workload: evil, missing: 'it is not here' }] },
    { schema: 'photofinish.gate/1', verdict: 'FAIL', why: evil, workloads: [{ name: 'decode', verdict: 'FAIL', effect: { mean: 1.02, low: 1.01, high: 1.03 }, margin: 0.005 }] },
  ];
  const page = pageOf(reportModel(records.sources(...sources)), []);
  const sectionOf = (id) => page.match(new RegExp(`<section id="${id}"[^]*?</section>`))[0];
  assert.ok(!page.includes(evil));
  assert.match(sectionOf('profile'), /100 samples/);
  assert.match(sectionOf('profile'), /<td>inner<\/td><td>30 %<\/td><td>80 %<\/td>/);
  assert.match(sectionOf('bounds'), /decode bounds it/);
  assert.match(sectionOf('bounds'), /25 % of the peak[^]*At its 4 operations a byte \(computed[^]*roof is 80 GFLOP\/s: memory\./);
  assert.match(sectionOf('bounds'), /whole run, of decoding alone<\/td><td>15 %/);
  assert.match(sectionOf('limits'), /11 \(9 to 11\)/);
  assert.match(sectionOf('complexity'), /27,539|27539/);
  assert.match(sectionOf('complexity'), /n\^2<\/td><td>too fast/);
  assert.match(sectionOf('gate'), /FAIL/);
  for (const id of ['profile', 'bounds', 'limits', 'complexity', 'gate']) assert.match(pageOf(reportModel(records.sources(records.journey())), []).match(new RegExp(`<section id="${id}"[^]*?</section>`))[0], /photofinish (profile|explain|limits|complexity|gate) /);
});

test('a sweep over several sizes is as many sweeps', () => {
  const report = reportModel(records.sources({ schema: 'photofinish.sweep/1', runs: [records.scaling(), records.scaling()] }));
  assert.equal(report.scalings.length, 2);
});
