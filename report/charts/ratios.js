// Wall times over another variant's, paired by round: a dot with its interval and the raw ratios, on an axis of ratios.
import { captionOf, compose, dot, frame, line, marksSeries, ratioAxis, rect, rowAxis, rowLabels, sizes, tip, words } from '../drawing.js';
import { interval, pairedRatios } from '../statistics.js';
import { fitted, ratioInterval } from '../text.js';

const mostRaw = 50; // points that can still be told apart
const margin = 0.02; // within which two times are equivalent

// The record's own interval where it has one, for the baseline; else the same method over the same pairs.
function intervalOf(run, variant, against, pairs) {
  const own = against === run.baseline ? variant.overBaseline : null;
  if (!own) return interval(pairs.map((pair) => pair.ratio), { logarithms: true });
  return { mean: 1 / own.mean, low: own.high === null ? null : 1 / own.high, high: own.low === null ? null : 1 / own.low, level: own.level, n: own.n };
}

function wordOf(found) {
  if (found.low === null) return 'one round: undecided';
  if (found.high < 1 - margin) return 'faster';
  if (found.low > 1 + margin) return 'slower';
  return found.low > 1 - margin && found.high < 1 + margin ? 'equivalent' : 'undecided';
}

export function ratios(run, { width = 1000, theme, against = run.baseline, only = run.variants, id = 'ratios' }) {
  if (!against) return null;
  const rows = only.filter((variant) => variant !== against && variant.status === 'ok').map((variant) => {
    const pairs = pairedRatios(variant, against);
    return { variant, pairs, found: pairs.length ? intervalOf(run, variant, against, pairs) : null };
  }).filter((row) => row.found);
  if (!rows.length) return null;
  const title = `Wall times over ${against.name}'s`;
  const labels = rowLabels(rows.map((row) => row.variant.name), fitted), rowHeight = 34, right = 250;
  const raw = rows.every((row) => row.pairs.length <= mostRaw);
  const every = rows.flatMap((row) => [row.found.mean, row.found.low ?? row.found.mean, row.found.high ?? row.found.mean, ...(raw ? row.pairs.map((pair) => pair.ratio) : [])]);
  const point = { fill: theme.blue, stroke: theme.paper, lineWidth: 1 };
  const legend = [{ name: 'geometric mean with interval', shapes: (x, y) => [line(x, y, x + 18, y, { stroke: theme.blue, lineWidth: 2 }), dot('diamond', x + 9, y, 5, point, {})] },
    ...(raw ? [{ name: 'one round', shapes: (x, y) => [dot('circle', x + 9, y, 3, { fill: 'none', stroke: theme.orange, lineWidth: 1.5 }, {})] }] : []),
    { name: `equivalent: within ${100 * margin} %`, shapes: (x, y) => [rect(x, y - 6, 18, 12, { fill: theme.line })] }];
  const n = Math.max(...rows.map((row) => row.found.n));
  const framed = frame({
    title, theme, width, faces: run.faces, legend,
    subtitle: 'Paired by round; equal factors are equal lengths. Left of 1x is faster.',
    caption: captionOf(run, n > 1 ? `95 % t-intervals on the logarithms, ${n} rounds` : 'one round: no interval'),
    plot: { left: labels.left, right, height: rows.length * rowHeight, axis: 58 },
  });
  const { grid } = framed;
  const scale = ratioAxis(`wall time over ${fitted(against.name, 240, sizes.text)}'s, lower is better`, Math.min(...every), Math.max(...every), grid.width, theme);
  const x = (ratio) => grid.left + (Math.log(ratio) - scale.min) / (scale.max - scale.min) * grid.width;
  const bottom = grid.top + rows.length * rowHeight;
  const backdrop = [rect(x(1 - margin), grid.top, x(1 + margin) - x(1 - margin), bottom - grid.top, { fill: theme.line }),
    ...scale.kept.map((ratio) => line(x(ratio), grid.top, x(ratio), bottom, { stroke: ratio === 1 ? theme.ink : theme.line, lineWidth: 1 }))];
  const marks = rows.map(({ variant, pairs, found }, i) => {
    const y = grid.top + (i + 0.5) * rowHeight, shapes = [];
    if (raw) {
      pairs.forEach((pair, k) => shapes.push(dot('circle', x(pair.ratio), y + 8 + 2.5 * (k % 2), 3, { fill: 'none', stroke: theme.orange, lineWidth: 1.5 }, {})));
    }
    if (found.low !== null) shapes.push(line(x(found.low), y - 3, x(found.high), y - 3, { stroke: theme.blue, lineWidth: 2.5 }));
    shapes.push(dot('diamond', x(found.mean), y - 3, 5.5, point, { stroke: theme.ink, lineWidth: 2.5 }));
    shapes.push(words(grid.left + grid.width + 14, y - 7, ratioInterval(found), theme, { size: sizes.small, bold: true }));
    shapes.push(words(grid.left + grid.width + 14, y + 8, wordOf(found), theme, { size: sizes.small, colour: theme.soft }));
    return { name: variant.name, shapes, tip: tip([`${variant.name} over ${against.name}`, ratioInterval(found), wordOf(found), `${found.n} rounds`]) };
  });
  return {
    id, title, width, height: framed.height,
    description: rows.map((row) => `${row.variant.name}: ${ratioInterval(row.found)} of ${against.name}'s wall time, ${wordOf(row.found)}, ${row.found.n} rounds.`).join(' '),
    option: compose(framed, { xAxis: scale.axis, yAxis: rowAxis(labels.shown, theme),
      series: [marksSeries('backdrop', [{ name: 'backdrop', shapes: backdrop }], { silent: true, z: 1 }), marksSeries('ratios', marks)] }),
    table: { columns: ['variant', `wall time over ${against.name}'s`, 'rounds', 'so it is', 'ratio of each round'], series: 'ratios',
      rows: rows.map((row) => [row.variant.name, ratioInterval(row.found), String(row.found.n), wordOf(row.found),
        row.pairs.slice(0, mostRaw).map((pair) => pair.ratio.toFixed(3)).join(', ') + (row.pairs.length > mostRaw ? ', ...' : '')]) },
    names: [...labels.shown, ...legend.map((item) => item.name)],
  };
}
