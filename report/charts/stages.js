// Where the time of the workers went, in absolute time: stages side by side, and what is in none.
import { captionOf, compose, frame, linearAxis, marksSeries, niceScale, patterned, rowAxis, rowLabels, secondsTicks, sizes, tip,
  words } from '../drawing.js';
import { fitted, seconds, textWidth } from '../text.js';
import { stageLook } from '../theme.js';

const partsOf = ({ breakdown }) => [...breakdown.stages.filter((stage) => stage.s > 0),
  ...(breakdown.unattributedS === null ? [] : [{ name: 'unattributed', s: breakdown.unattributedS }])];

// `only`: the variants to show (default: all that have times of stages).
export function stages(run, { width = 1000, theme, only = run.variants, id = 'stages', title = 'Where the time goes, stage by stage' }) {
  const rows = only.filter((variant) => variant.breakdown);
  if (!rows.length) return null;
  const labels = rowLabels(rows.map((row) => row.name), fitted);
  const right = 200, rowHeight = 38;
  const all = rows.flatMap(partsOf), names = [...new Set(all.map((part) => part.name))].filter((name) => name !== 'unattributed');
  names.push(...(all.some((part) => part.name === 'unattributed') ? ['unattributed'] : []));
  const scale = niceScale(Math.max(...rows.map((row) => row.breakdown.totalS), 1e-6));
  const framed = frame({
    title, theme, width, faces: run.faces,
    subtitle: 'Time of all workers together: stages add up, and what is in no stage is shown as unattributed. Wait is idle time.',
    legend: names.map((name) => ({ name, look: stageLook(name, theme) })),
    caption: captionOf(run, `${run.dataset.photos} photos of ${run.dataset.name}; means of ${Math.max(...rows.map((row) => row.counted))} trials; a main process that only supervises is left out`),
    plot: { left: labels.left, right, height: rows.length * rowHeight, axis: 58 },
  });
  const { grid } = framed, marks = [], table = [];
  rows.forEach((row, i) => {
    const y = grid.top + i * rowHeight + 7, end = { x: grid.left + grid.width + 12, y: grid.top + (i + 0.5) * rowHeight };
    let at = 0;
    for (const part of partsOf(row)) {
      const x = grid.left + at / scale.max * grid.width, long = part.s / scale.max * grid.width, look = stageLook(part.name, theme);
      const shapes = patterned(x, y, long, rowHeight - 14, look.fill === theme.paper ? { ...look, stroke: theme.axis } : look, theme);
      const label = [`${part.name} ${seconds(part.s)}`, part.name].find((text) => textWidth(text, sizes.small) + 10 < long);
      if (label) {
        const wide = textWidth(label, sizes.small) + 6;
        shapes.push({ type: 'rect', shape: { x: x + (long - wide) / 2, y: y + 4, width: wide, height: rowHeight - 22 }, style: { fill: theme.paper, opacity: 0.88 } });
        shapes.push(words(x + long / 2, y + (rowHeight - 14) / 2, label, theme, { size: sizes.small, align: 'center' }));
      }
      marks.push({ name: `${row.name} ${part.name}`, shapes, tip: tip([row.name, `${part.name}: ${seconds(part.s)}`,
        `${(100 * part.s / row.breakdown.totalS).toFixed(1)} % of ${seconds(row.breakdown.totalS)}`]) });
      table.push([row.name, part.name, seconds(part.s), `${(100 * part.s / row.breakdown.totalS).toFixed(1)} %`,
        seconds(part.cpuS), seconds(part.delayS), seconds(part.waitedS)]);
      at += part.s;
    }
    const first = marks[marks.length - 1];
    first.shapes.push(words(end.x, end.y - 8, `sum ${seconds(row.breakdown.totalS)}`, theme, { size: sizes.small }));
    first.shapes.push(words(end.x, end.y + 8, `wall time ${seconds(row.wallS)}${row.workers > 1 ? `, ${row.workers} workers` : ''}`, theme, { size: sizes.small, colour: theme.soft }));
  });
  return {
    id, title, width, height: framed.height,
    description: rows.map((row) => `${row.name}: ${partsOf(row).map((part) => `${part.name} ${seconds(part.s)}`).join(', ')}; wall time ${seconds(row.wallS)}.`).join(' '),
    option: compose(framed, { xAxis: linearAxis('time of all workers together, lower is better', scale, theme, secondsTicks(scale.max)),
      yAxis: rowAxis(labels.shown, theme), series: [marksSeries('stages', marks)] }),
    table: { columns: ['variant', 'stage', 'time', 'share', 'CPU time', 'ready, but others ran', 'off the CPU by itself'], series: 'stages', rows: table },
    names: [...labels.shown, ...names],
  };
}
