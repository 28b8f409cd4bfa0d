// Throughput and memory against the number of workers: one above the other, each with an axis of its own.
import { captionOf, dot, frame, gridOption, line, linearAxis, marksSeries, niceScale, path, sizes, tip, words } from '../drawing.js';
import { interval } from '../statistics.js';
import { bytes, plural, rounded, textWidth } from '../text.js';

const panelHeight = 170, gap = 66;

export function concurrency(run, { width = 1000, theme, id = 'concurrency' }) {
  const rows = run.variants.filter((v) => v.status === 'ok' && v.counted && v.workers > 0).sort((a, b) => a.workers - b.workers);
  if (rows.length < 2) return null;
  const figures = rows.map((variant) => {
    const counted = variant.trials.filter((t) => t.counts);
    return { variant, rates: counted.map((t) => (t.scored ?? 0) / t.wallS), peaks: counted.map((t) => t.rssBytes).filter((b) => b !== null),
      rate: interval(counted.map((t) => (t.scored ?? 0) / t.wallS)), memory: interval(counted.map((t) => t.rssBytes).filter((b) => b !== null)) };
  });
  const most = Math.max(...rows.map((v) => v.workers)), scale = niceScale(most, 8);
  const panels = [
    { key: 'rate', raw: 'rates', name: 'photos/s, higher is better', colour: theme.blue, shape: 'diamond', format: (v) => `${rounded(v)} photos/s`, unit: 1 },
    { key: 'memory', raw: 'peaks', name: 'memory in MB, lower is better', colour: theme.orange, shape: 'square', format: bytes, unit: 1e6 },
  ].filter((panel) => figures.every((f) => f[panel.key]));
  const framed = frame({
    title: 'Throughput and memory against workers', theme, width, faces: run.faces,
    subtitle: 'Means with intervals; circles are single trials. Memory is the sum of the processes’ peaks: shared pages count in each.',
    caption: captionOf(run, `95 % t-intervals, ${plural(Math.max(...rows.map((v) => v.counted)), 'round')}; ${run.dataset.photos} photos of ${run.dataset.name}`),
    plot: { left: 84, right: 60, height: panels.length * panelHeight + (panels.length - 1) * gap, axis: 58 },
  });
  const grids = panels.map((_, i) => ({ ...framed.grid, top: framed.grid.top + i * (panelHeight + gap), height: panelHeight }));
  const x = (n) => framed.grid.left + n / scale.max * framed.grid.width;
  const series = [], axes = [];
  panels.forEach((panel, i) => {
    const largest = Math.max(...figures.flatMap((f) => [f[panel.key].high ?? 0, f[panel.key].mean, ...f[panel.raw]])) / panel.unit;
    const own = niceScale(largest, 4), y = (v) => grids[i].top + (1 - v / panel.unit / own.max) * panelHeight;
    axes.push({ ...linearAxis(panel.name, own, theme, (v) => String(v)), nameGap: 52, gridIndex: i });
    const backdrop = [path(figures.map((f, k) => `${k ? 'L' : 'M'}${x(f.variant.workers).toFixed(1)} ${y(f[panel.key].mean).toFixed(1)}`).join(''), { stroke: panel.colour, lineWidth: 1.5 })];
    let previous = -Infinity;
    const marks = figures.map((f) => {
      const found = f[panel.key], at = x(f.variant.workers), shapes = f[panel.raw].slice(0, 50).map((v) => dot('circle', at, y(v), 3, { fill: 'none', stroke: panel.colour, lineWidth: 1 }, {}));
      if (found.low !== null) shapes.push(line(at, y(Math.max(found.low, 0)), at, y(found.high), { stroke: panel.colour, lineWidth: 2.5 }));
      shapes.push(dot(panel.shape, at, y(found.mean), 5, { fill: panel.colour, stroke: theme.paper, lineWidth: 1 }, { stroke: theme.ink, lineWidth: 2.5 }));
      const label = panel.format(found.mean), wide = textWidth(label, sizes.small), left = Math.min(at + 9, width - wide - 10);
      const low = y(found.mean) + 17 > grids[i].top + panelHeight - 8 ? y(found.mean) - 16 : y(found.mean) + 17;
      if (left > previous + 6) {
        shapes.push(words(left, low, label, theme, { size: sizes.small }));
        previous = left + wide;
      }
      return { name: f.variant.name, shapes, tip: tip([plural(f.variant.workers, 'worker'), label, found.low === null ? 'no interval' : `${panel.format(found.low)} to ${panel.format(found.high)}`]) };
    });
    series.push({ ...marksSeries(`line of ${panel.key}`, [{ name: 'line', shapes: backdrop }], { silent: true, z: 1 }), xAxisIndex: i, yAxisIndex: i },
      { ...marksSeries(panel.key, marks), xAxisIndex: i, yAxisIndex: i });
  });
  const text = (f, key, format) => (f[key] ? `${format(f[key].mean)}${f[key].low === null ? '' : ` (${format(f[key].low)} to ${format(f[key].high)})`}` : '–');
  const rate = (v) => rounded(v);
  return {
    id, title: 'Throughput and memory against workers', width, height: framed.height,
    description: figures.map((f) => `${plural(f.variant.workers, 'worker')}: ${text(f, 'rate', rate)} photos/s, memory ${text(f, 'memory', bytes)}.`).join(' '),
    option: { ...framed.base, grid: grids.map(gridOption), xAxis: panels.map((_, i) => ({ ...linearAxis(i === panels.length - 1 ? 'workers' : '', scale, theme, (v) => String(v)), gridIndex: i })), yAxis: axes,
      series: [marksSeries('frame', [{ name: 'frame', shapes: framed.shapes }], { silent: true, z: 50 }), ...series] },
    table: { columns: ['workers', 'photos/s', 'memory', 'trials'], series: 'rate',
      rows: figures.map((f) => [String(f.variant.workers), text(f, 'rate', rate), text(f, 'memory', bytes), String(f.variant.counted)]) },
    names: panels.map((panel) => panel.name),
  };
}
