// The journey as a waterfall: what was kept descends from the baseline's time; what failed stands hatched beside the
// running total, with the reason.
import { captionOf, compose, frame, line, linearAxis, marksSeries, niceScale, patterned, path, patternPath, rect, rowAxis, rowLabels,
  secondsTicks, sizes, tip, words } from '../drawing.js';
import { fitted, ratioInterval, timeInterval, wrapped } from '../text.js';

const broken = new Set(['crashed', 'failed', 'wrong_output', 'timeout']);
const statusWords = { crashed: 'crashed', failed: 'failed', wrong_output: 'wrong output', timeout: 'timeout', unavailable: 'unavailable',
  not_run: 'not run', invalid: 'INVALID', unchecked: 'unchecked', floor: 'floor' };

// What a row is: its kind decides how it is drawn.
function kindOf(run, variant) {
  if (broken.has(variant.status)) return 'failed';
  if (variant.status === 'floor') return 'floor';
  if (!variant.wall) return 'absent';
  const decision = variant.decision;
  if (!decision) return 'undecided';
  if (decision.becomesIncumbent) return decision.verdict === 'baseline' ? 'baseline' : 'kept';
  return { kept: 'other', rejected: 'failed' }[decision.verdict] ?? 'no gain';
}

const kinds = {
  baseline: { name: 'baseline', look: (t) => ({ fill: t.blue, pattern: 'none' }) },
  kept: { name: 'kept: the new running total', look: (t) => ({ fill: t.blue, pattern: 'none' }) },
  saved: { name: 'time saved by it', look: (t) => ({ fill: t.green, pattern: 'vertical' }) },
  other: { name: 'kept for another figure', look: (t) => ({ fill: t.sky, pattern: 'horizontal' }) },
  'no gain': { name: 'no gain', look: (t) => ({ fill: t.grey, pattern: 'none' }) },
  failed: { name: 'rejected or failed: off the running total', look: (t) => ({ fill: t.paper, pattern: 'crossed', stroke: t.red }) },
  undecided: { name: 'no decision in this record', look: (t) => ({ fill: t.sky, pattern: 'none' }) },
  floor: { name: "floor: the harness's own cost", look: (t) => ({ fill: t.grey, pattern: 'rising' }) },
  absent: { name: 'no time', look: (t) => ({ fill: t.paper, pattern: 'none', stroke: t.axis }) },
};

// One line in bold and why, of each row.
function wordsOf(run, variant, kind) {
  const time = variant.wall ? timeInterval(variant.wall) : null;
  const status = statusWords[variant.status];
  const verdict = status ?? variant.decision?.verdict ?? 'not recorded';
  const approximate = variant.approximate ? ' (approximate)' : '';
  const why = variant.decision?.reason || variant.reason || (kind === 'undecided' ? 'the record holds no decision' : '');
  return { head: `${verdict}${approximate}${time ? `, ${time}` : ''}`, why: why.replace(/^(crashed|failed|timeout|unavailable): /, '') };
}

export function waterfall(run, { width = 1000, theme }) {
  const rows = run.variants.map((variant) => {
    const kind = kindOf(run, variant);
    return { variant, kind, ...wordsOf(run, variant, kind) };
  });
  const labels = rowLabels(rows.map((row) => row.variant.name), fitted);
  const right = Math.round((width - labels.left) * 0.46), textWidthMost = right - 30;
  const reasons = rows.map((row) => wrapped(row.why, textWidthMost, sizes.small, { lines: 3 }));
  const rowHeight = 24 + 14 * Math.max(1, ...reasons.map((r) => r.length));
  const timed = rows.map((row) => row.variant.wall?.mean ?? 0);
  const scale = niceScale(Math.max(...timed, 0.001), 5);
  const used = [...new Set(rows.map((row) => row.kind))];
  if (used.includes('kept')) used.push('saved');
  const n = Math.max(0, ...rows.map((row) => row.variant.wall?.n ?? 0));
  const framed = frame({
    title: 'The journey, variant by variant', theme, width, faces: run.faces,
    subtitle: run.decided ? 'Each variant is judged against the best one kept so far; only what is kept moves the running total.'
      : 'This record holds no decisions about what was kept: times alone.',
    legend: Object.entries(kinds).filter(([kind]) => used.includes(kind)).map(([, k]) => ({ name: k.name, look: k.look(theme) })),
    caption: captionOf(run, `${run.dataset.photos} photos of ${run.dataset.name}; means${n > 1 ? ` ± half a 95 % t-interval of ${n} rounds` : ' of one round, without interval'}`),
    plot: { left: labels.left, right, height: rows.length * rowHeight, axis: 58 },
  });
  const { grid, height } = framed;
  const x = (s) => grid.left + s / scale.max * grid.width;
  const marks = [], backdrop = [];
  let total = null, since = 0;
  rows.forEach((row, i) => {
    const top = grid.top + i * rowHeight, middle = top + rowHeight / 2, look = kinds[row.kind].look(theme), shapes = [];
    if (i % 2) backdrop.push(rect(8, top, width - 16, rowHeight, { fill: theme.name === 'light' ? 'rgba(0,0,0,0.03)' : 'rgba(255,255,255,0.04)' }));
    const time = row.variant.wall?.mean ?? null;
    const long = time === null ? 26 : Math.max(x(time) - grid.left, 2), bar = { y: middle - 10, h: 20 };
    if (row.kind === 'kept' || row.kind === 'baseline') {
      if (total !== null) backdrop.push(line(x(total), since, x(total), top + rowHeight / 2 - 10, { stroke: theme.ink, lineWidth: 1, lineDash: [4, 3] }));
      shapes.push(...patterned(grid.left, bar.y, long, bar.h, look, theme));
      if (total !== null && total > time) {
        shapes.push(...patterned(x(time), bar.y, x(total) - x(time), bar.h, kinds.saved.look(theme), theme));
      }
      total = time;
      since = middle + 10;
    } else {
      shapes.push(...patterned(grid.left, bar.y + 2, long, bar.h - 4, look, theme, 7));
      if (row.kind === 'absent') shapes.push(path(patternPath('rising', grid.left, bar.y + 2, long, bar.h - 4, 14), { stroke: theme.axis, lineWidth: 1 }));
    }
    const left = grid.left + grid.width + 14;
    const lines = reasons[i], block = 16 + 14 * lines.length;
    shapes.push(words(left, middle - block / 2 + 8, fitted(row.head, textWidthMost, sizes.text, true), theme, { bold: true }));
    lines.forEach((text, k) => shapes.push(words(left, middle - block / 2 + 16 + 14 * k + 7, text, theme, { size: sizes.small, colour: theme.soft })));
    const decision = row.variant.decision;
    marks.push({ name: row.variant.name, shapes, tip: tip([row.variant.name, row.head, row.why,
      decision?.ratio ? `${ratioInterval(decision.ratio)} of ${decision.incumbent}'s time` : '']) });
  });
  if (total !== null) {
    backdrop.push(line(x(total), since, x(total), grid.top + rows.length * rowHeight, { stroke: theme.ink, lineWidth: 1, lineDash: [4, 3] }));
  }
  return {
    id: 'waterfall', title: 'The journey, variant by variant', width, height,
    description: rows.map((row) => `${row.variant.name}: ${row.head}${row.why ? `, ${row.why}` : ''}.`).join(' '),
    option: compose(framed, { xAxis: linearAxis('wall time, lower is better', scale, theme, secondsTicks(scale.max)),
      yAxis: rowAxis(labels.shown, theme),
      series: [marksSeries('backdrop', [{ name: 'backdrop', shapes: backdrop }], { silent: true, z: 1 }), marksSeries('variants', marks)] }),
    table: { columns: ['variant', 'verdict', 'wall time', "of the incumbent's time", 'incumbent', 'speedup over the baseline', 'why'], series: 'variants',
      rows: rows.map((row) => [row.variant.name, statusWords[row.variant.status] ?? row.variant.decision?.verdict ?? 'not recorded',
        timeInterval(row.variant.wall), ratioInterval(row.variant.decision?.ratio), row.variant.decision?.incumbent ?? '–',
        ratioInterval(row.variant.overBaseline), row.why]) },
    names: [...labels.shown, ...Object.entries(kinds).filter(([kind]) => used.includes(kind)).map(([, k]) => k.name)],
  };
}
