// Time to the first result beside the whole time of each variant; and, where it was measured, how it grows with the photos.
import { captionOf, compose, dot, frame, line, linearAxis, marksSeries, rowAxis, rowLabels, sizes, tip, words } from '../drawing.js';
import { interval } from '../statistics.js';
import { count, fitted, plural, seconds } from '../text.js';

// Decades on an axis in which equal factors are equal lengths.
function decades(values) {
  const min = Math.floor(Math.log10(Math.min(...values))), max = Math.ceil(Math.log10(Math.max(...values)) + 1e-9);
  return { min, max: Math.max(max, min + 1), step: 1 };
}

function text(found) {
  return found.low === null ? seconds(found.mean) : `${seconds(found.mean)} (${seconds(found.low)} to ${seconds(found.high)})`;
}

// Rows of {name, first, whole, raw}: of the variants, then of the trials over two sizes of the dataset.
function rowsOf(run) {
  const rows = run.variants.filter((v) => v.status === 'ok' && v.firstS > 0).map((variant) => {
    const raw = variant.trials.filter((t) => t.counts && t.firstS > 0).map((t) => t.firstS);
    return { name: variant.name, raw, first: interval(raw, { logarithms: true }), whole: variant.wallS };
  }).filter((row) => row.first);
  for (const series of run.firstResults?.series ?? []) {
    for (const size of ['small', 'large']) {
      const raw = series[size].filter((s) => s > 0);
      if (raw.length) rows.push({ name: `${series.name}, ${count(run.firstResults[size])} photos`, raw, first: interval(raw, { logarithms: true }), whole: null });
    }
  }
  return rows;
}

export function firstResult(run, { width = 1000, theme, id = 'first-result' }) {
  const rows = rowsOf(run);
  if (!rows.length) return null;
  const labels = rowLabels(rows.map((row) => row.name), fitted, 220), rowHeight = 32;
  const values = rows.flatMap((row) => [...row.raw, row.first.low ?? row.first.mean, row.first.high ?? row.first.mean, ...(row.whole ? [row.whole] : [])]);
  const scale = decades(values), wholes = rows.some((row) => row.whole);
  const framed = frame({
    title: 'Time to the first result', theme, width, faces: run.faces,
    subtitle: 'Until the first scored photo reached the harness. Each tick is ten times the one before.',
    legend: [{ name: 'first result, geometric mean with interval', shapes: (x, y) => [line(x, y, x + 18, y, { stroke: theme.blue, lineWidth: 2 }), dot('diamond', x + 9, y, 5, { fill: theme.blue }, {})] },
      { name: 'one trial', shapes: (x, y) => [dot('circle', x + 9, y, 3, { fill: 'none', stroke: theme.orange, lineWidth: 1.5 }, {})] },
      ...(wholes ? [{ name: 'the whole run, mean', shapes: (x, y) => [dot('square', x + 9, y, 4, { fill: 'none', stroke: theme.soft, lineWidth: 1.5 }, {})] }] : [])],
    caption: captionOf(run, `95 % t-intervals on the logarithms, ${plural(Math.max(...rows.map((row) => row.raw.length)), 'trial')}; ${run.dataset.photos} photos of ${run.dataset.name}`),
    plot: { left: labels.left, right: 240, height: rows.length * rowHeight, axis: 58 },
  });
  const { grid } = framed, x = (s) => grid.left + (Math.log10(s) - scale.min) / (scale.max - scale.min) * grid.width;
  const marks = rows.map((row, i) => {
    const y = grid.top + (i + 0.5) * rowHeight, shapes = row.raw.slice(0, 50).map((s, k) => dot('circle', x(s), y + 8 + 2.5 * (k % 2), 3, { fill: 'none', stroke: theme.orange, lineWidth: 1.5 }, {}));
    if (row.whole) shapes.push(dot('square', x(row.whole), y - 3, 4, { fill: 'none', stroke: theme.soft, lineWidth: 1.5 }, {}));
    if (row.first.low !== null) shapes.push(line(x(row.first.low), y - 3, x(row.first.high), y - 3, { stroke: theme.blue, lineWidth: 2.5 }));
    shapes.push(dot('diamond', x(row.first.mean), y - 3, 5.5, { fill: theme.blue, stroke: theme.paper, lineWidth: 1 }, { stroke: theme.ink, lineWidth: 2.5 }));
    shapes.push(words(grid.left + grid.width + 14, y - 1, text(row.first), theme, { size: sizes.small, bold: true }));
    return { name: row.name, shapes, tip: tip([row.name, `first result ${text(row.first)}`, row.whole ? `whole run ${seconds(row.whole)}` : '']) };
  });
  return {
    id, title: 'Time to the first result', width, height: framed.height,
    description: rows.map((row) => `${row.name}: ${text(row.first)}${row.whole ? `, whole run ${seconds(row.whole)}` : ''}.`).join(' '),
    option: compose(framed, { xAxis: linearAxis('time, lower is better', scale, theme, (v) => seconds(10 ** v)), yAxis: rowAxis(labels.shown, theme), series: [marksSeries('first results', marks)] }),
    table: { columns: ['variant', 'first result', 'trials', 'whole run'], series: 'first results', rows: rows.map((row) => [row.name, text(row.first), String(row.raw.length), seconds(row.whole)]) },
    names: [...labels.shown, 'one trial'],
  };
}
