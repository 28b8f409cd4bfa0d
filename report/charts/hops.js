// Bytes that processes took from each other, by what they carried: on an axis of ratios, since they differ by thousands.
import { captionOf, compose, dot, frame, line, linearAxis, marksSeries, rowAxis, rowLabels, sizes, tip, words } from '../drawing.js';
import { bytes, count, fitted } from '../text.js';

const kinds = { photos: { name: 'photos', shape: 'square', colour: 'purple' }, bursts: { name: 'bursts', shape: 'triangle', colour: 'green' },
  events: { name: 'results and events', shape: 'circle', colour: 'blue' }, other: { name: 'other', shape: 'diamond', colour: 'orange' } };
const kindOf = (hop) => (kinds[hop.kind] ? hop.kind : 'other');

function logAxis(name, min, max, theme) {
  return linearAxis(name, { min, max, step: 1 }, theme, (v) => bytes(10 ** v));
}

export function hops(run, { width = 1000, theme, id = 'hops' }) {
  const rows = run.variants.filter((v) => v.moved.length).map((variant) => ({ variant, sums: variant.moved.map((m) => ({ ...m, kind: kindOf(m) })) }));
  if (!rows.length) return null;
  const all = rows.flatMap((row) => row.sums), used = [...new Set(all.map((sum) => sum.kind))];
  const labels = rowLabels(rows.map((row) => row.variant.name), fitted), rowHeight = 34;
  const least = Math.floor(Math.log10(Math.min(...all.map((sum) => sum.bytes)))), most = Math.max(least + 1, Math.ceil(Math.log10(Math.max(...all.map((sum) => sum.bytes)) * 1.01)));
  const framed = frame({
    title: 'Bytes moved between processes', theme, width, faces: run.faces,
    subtitle: 'What one process took from another, in one trial: each tick is ten times the one before. Reading photos from files is not in it.',
    legend: used.map((kind) => ({ name: kinds[kind].name, shapes: (x, y) => [dot(kinds[kind].shape, x + 9, y, 5, { fill: theme[kinds[kind].colour] }, {})] })),
    caption: captionOf(run, `one trial of each, the one with the median time; ${run.dataset.photos} photos of ${run.dataset.name}${run.dataset.bytes ? `, ${bytes(run.dataset.bytes)} in files` : ''}`),
    plot: { left: labels.left, right: 270, height: rows.length * rowHeight, axis: 58 },
  });
  const { grid } = framed, x = (b) => grid.left + (Math.log10(b) - least) / (most - least) * grid.width, marks = [], table = [];
  const files = run.dataset.bytes > 0 && Math.log10(run.dataset.bytes) > least && Math.log10(run.dataset.bytes) < most ? run.dataset.bytes : null;
  const backdrop = files ? [line(x(files), grid.top, x(files), grid.top + rows.length * rowHeight, { stroke: theme.ink, lineWidth: 1, lineDash: [3, 3] })] : [];
  rows.forEach((row, i) => {
    const y = grid.top + (i + 0.5) * rowHeight, sums = [...row.sums].sort((a, b) => b.bytes - a.bytes);
    const label = sums.map((sum) => `${kinds[sum.kind].name} ${bytes(sum.bytes)}`).join(', ');
    sums.forEach((sum, k) => {
      const kind = kinds[sum.kind], shapes = [dot(kind.shape, x(sum.bytes), y, 5.5, { fill: theme[kind.colour], stroke: theme.paper, lineWidth: 1 }, { stroke: theme.ink, lineWidth: 2.5 })];
      if (!k) shapes.push(words(grid.left + grid.width + 14, y, fitted(label, 240, sizes.small), theme, { size: sizes.small }));
      marks.push({ name: row.variant.name, shapes, tip: tip([row.variant.name, `${kind.name}: ${bytes(sum.bytes)} in ${count(sum.frames)} frames`]) });
      table.push([row.variant.name, kind.name, bytes(sum.bytes), count(sum.frames), run.dataset.bytes ? `${(sum.bytes / run.dataset.bytes).toPrecision(2)}x` : '–']);
    });
  });
  return {
    id, title: 'Bytes moved between processes', width, height: framed.height,
    description: rows.map((row) => `${row.variant.name}: ${row.sums.map((sum) => `${kinds[sum.kind].name} ${bytes(sum.bytes)}`).join(', ')}.`).join(' '),
    option: compose(framed, { xAxis: logAxis(`bytes, lower is better${files ? '; the dashed line is the size of the files' : ''}`, least, most, theme), yAxis: rowAxis(labels.shown, theme),
      series: [marksSeries('files', [{ name: 'files', shapes: backdrop }], { silent: true, z: 1 }), marksSeries('hops', marks)] }),
    table: { columns: ['variant', 'what', 'bytes', 'frames', "of the files' size"], series: 'hops', rows: table },
    names: [...labels.shown, ...used.map((kind) => kinds[kind].name)],
  };
}
