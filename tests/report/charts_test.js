// Every chart of every kind of record: what stands in it, that it can be read, and that it comes out the same each time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allCharts, pairChart } from '../../report/charts/all.js';
import { reportModel } from '../../report/model.js';
import { renderSvg } from '../../report/svg.js';
import { themes } from '../../report/theme.js';
import * as records from './records.js';
import { faultsOf, textsOf } from './svg_text.js';

const cases = {
  bounds: [records.explanation('parallel', 88, 26), records.explanation('a variant with quite a long name, and its options:workers=2,chunk=12', 90, 25), records.explanation('near-the-right-edge', 210, 130)],
  journey: [records.journey(), records.loadRecord(), records.scaling()], hostile: [records.hostile()], partial: [records.partial()], invalid: [records.invalid()],
  mangled: [records.mangled()], empty: [records.empty()], single: [records.single()], 'few queries': [records.journey(), records.loadRecord(20)],
  ...Object.fromEntries(records.committed.map((name) => [name, [records.load(name)]])),
};

function chartsOf(name, look) {
  return allCharts(reportModel(records.sources(...cases[name]))).map(({ key, build }) => ({ key, chart: build(look) })).filter(({ chart }) => chart);
}

for (const name of Object.keys(cases)) {
  test(`${name}: all names stand in the charts, no text outside or over another`, () => {
    for (const [theme, width] of [[themes.light, 1000], [themes.dark, 760]]) {
      for (const { key, chart } of chartsOf(name, { theme, width })) {
        const svg = renderSvg(chart), texts = textsOf(svg).map((one) => one.text);
        for (const wanted of chart.names) assert.ok(texts.includes(wanted), `${key}: "${wanted}" is not in the SVG`);
        assert.deepEqual(faultsOf(svg, chart.width, chart.height), [], `${key} at ${width} px`);
        assert.ok(!/NaN|undefined|Infinity/.test(svg), `${key}: what is not a number is drawn`);
      }
    }
  });
  test(`${name}: charts have a role, a title, a description and a table`, () => {
    for (const { key, chart } of chartsOf(name, { theme: themes.light })) {
      const svg = renderSvg(chart);
      assert.match(svg, /^<svg [^>]*role="img" aria-labelledby="[^"]+">\n<title id="[^"]+">[^<]+<\/title>\n<desc id="[^"]+">[^<]+<\/desc>/, key);
      assert.ok(chart.table.rows.length, `${key} has no table`);
      for (const row of chart.table.rows) assert.equal(row.length, chart.table.columns.length, key);
      const series = chart.option.series.find((one) => one.name === chart.table.series);
      const marks = chart.table.marks ?? chart.table.rows.map((_, i) => i);
      for (const mark of marks) assert.ok(mark === -1 || mark < series.data.length || key.startsWith('timeline'), `${key}: a row has no mark`);
    }
  });
}

test('two renders are the same bytes', () => {
  for (const { key, chart } of chartsOf('journey', { theme: themes.light })) {
    const again = chartsOf('journey', { theme: themes.light }).find((one) => one.key === key).chart;
    assert.equal(renderSvg(chart), renderSvg(again), key);
  }
});

test('what is not whole says so on the face of every chart', () => {
  for (const { key, chart } of chartsOf('partial', { theme: themes.light })) {
    assert.ok(textsOf(renderSvg(chart)).some((one) => one.text.startsWith('PARTIAL: stopped on request after 1 of 5 rounds')), key);
  }
  const drawn = chartsOf('invalid', { theme: themes.light });
  assert.ok(drawn.length);
  for (const { key, chart } of drawn) {
    assert.ok(textsOf(renderSvg(chart)).some((one) => one.text.startsWith('INVALID: nothing was measured')), key);
  }
});

test('a crashed variant is a short hatched bar with its reason, and off the running total', () => {
  const { chart } = chartsOf('journey', { theme: themes.light }).find((one) => one.key === 'waterfall');
  const marks = chart.option.series.find((one) => one.name === 'variants');
  const shapesOf = (name) => marks.renderItem({ dataIndex: marks.data.findIndex((datum) => datum.name === name) }).children;
  const crashed = shapesOf('threaded'), hatch = crashed.find((shape) => shape.type === 'path');
  assert.equal(crashed[0].shape.width, 26);
  assert.ok(hatch.shape.pathData.split('M').length > 5);
  assert.match(crashed.filter((shape) => shape.type === 'text').map((shape) => shape.style.text).join(' '), /^crashed SIGSEGV in faces of photos/);
  // Kept ones begin where the axis does and reach to the total before them; the rejected one has a single bar.
  const [own, saved] = shapesOf('single-load').filter((shape) => shape.type === 'rect').map((shape) => shape.shape);
  assert.ok(Math.abs(own.x + own.width - saved.x) < 1e-6);
  const [base] = shapesOf('double-load').map((shape) => shape.shape);
  assert.ok(Math.abs(saved.x + saved.width - (base.x + base.width)) < 1e-6, 'the saved time ends at the baseline');
  assert.equal(shapesOf('chunked').filter((shape) => shape.type === 'rect').length, 1);
  assert.ok(shapesOf('chunked').some((shape) => shape.type === 'path'), 'the rejected one is hatched');
  // The running total goes from the baseline by what was kept for its time to the end, and nowhere else.
  const backdrop = chart.option.series.find((one) => one.name === 'backdrop').renderItem({ dataIndex: 0 }).children;
  const total = backdrop.filter((shape) => shape.type === 'line').map((shape) => shape.shape.x1);
  assert.deepEqual(total, ['double-load', 'single-load', 'parallel'].map((name) => shapesOf(name)[0].shape.x + shapesOf(name)[0].shape.width));
});

test('bars are as long as their times, dots stand at their ratios', () => {
  const run = reportModel(records.sources(records.journey())).main;
  const chart = pairChart(run, run.byName.get('parallel'), run.byName.get('chunked'), { theme: themes.light });
  const shapes = chart.option.series.find((one) => one.name === 'ratios').renderItem({ dataIndex: 0 }).children;
  assert.equal(shapes.filter((shape) => shape.type === 'circle').length, 5, 'a point for each round');
  assert.match(chart.table.rows[0][1], /^0\.60x \(0\.58 to 0\.62\)$/);
  const stages = chartsOf('journey', { theme: themes.light }).find((one) => one.key === 'stages').chart;
  const bars = stages.option.series.find((one) => one.name === 'stages');
  const widths = bars.data.map((datum, i) => bars.renderItem({ dataIndex: i }).children[0].shape.width);
  const grid = stages.option.grid, scale = (1000 - grid.left - grid.right) / stages.option.xAxis.max;
  const sum = widths.slice(0, bars.data.findIndex((datum) => datum.name.startsWith('single-load'))).reduce((a, b) => a + b);
  assert.ok(Math.abs(sum / scale - run.byName.get('double-load').breakdown.totalS) < 1e-9, 'the stages of a bar add up to it');
});

test('no axis of ratios has labels that touch, wherever it begins and ends', () => {
  const run = reportModel(records.sources(records.journey())).main;
  for (const factor of [0.0001, 0.3, 0.97, 1, 1.01, 1.3, 40, 9000]) {
    const odd = { ...run.variants[1], overBaseline: null, trials: run.baseline.trials.map((t) => ({ ...t, wallS: t.wallS * factor })) };
    const chart = pairChart(run, odd, run.baseline, { theme: themes.light, width: 760 });
    assert.deepEqual(faultsOf(renderSvg(chart), chart.width, chart.height), [], `times ${factor}`);
  }
});

test('no name changes what all objects have', () => {
  const before = Object.getOwnPropertyNames(Object.prototype), record = records.journey();
  before.forEach((name, i) => {
    const variant = record.variants[i % record.variants.length];
    Object.assign(variant, { name, reason: name, caveats: [name] });
    variant.decision.reason = `${name} ${name}`;
  });
  record.caveats = before;
  for (const { key, build } of allCharts(reportModel(records.sources(record)))) {
    const chart = build({ theme: themes.light, width: 760 });
    if (chart) renderSvg(chart);
    assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before, key);
    assert.equal(Object.next, undefined, key);
  }
});
