// Latencies of a load: the share of photos that were done within a time, with its percentiles and their intervals.
import { captionOf, compose, dot, frame, line, linearAxis, marksSeries, niceScale, path, secondsTicks, sizes, tip, words } from '../drawing.js';
import { seconds } from '../text.js';

const mostRaw = 50;

// The curve's corners in px.
function curveOf(sorted, x, y) {
  return sorted.reduce((d, s, i) => `${d}H${x(s).toFixed(1)}V${y((i + 1) / sorted.length).toFixed(1)}`,
    `M${x(sorted[0]).toFixed(1)} ${y(0).toFixed(1)}`);
}

export function latency(load, { width = 1000, theme, id = 'latency' }) {
  if (!load.latencies.length) return null;
  const series = [{ name: 'latency', sorted: load.latencies, colour: theme.blue, dash: null },
    ...(load.innerLatencies.length ? [{ name: load.innerName, sorted: load.innerLatencies, colour: theme.orange, dash: [6, 4] }] : [])];
  const known = load.percentiles.filter((p) => p.s !== null);
  const largest = Math.max(load.latencies[load.latencies.length - 1], ...known.map((p) => p.highS ?? p.s));
  const scale = niceScale(largest), right = 190, plotHeight = 330;
  const framed = frame({
    title: `Latency under load: ${load.variant}, ${load.scenario}`, theme, width, faces: load.faces,
    subtitle: `The share of photos that were done within a time${load.rate ? `, arriving at ${load.rate} a second` : ''}. Dots are percentiles, with their intervals from order statistics.`,
    legend: [...series.map((s) => ({ name: s.name, shapes: (x, y) => [line(x, y, x + 18, y, { stroke: s.colour, lineWidth: 2.5, ...(s.dash ? { lineDash: s.dash } : {}) })] })),
      { name: 'percentile with interval', shapes: (x, y) => [line(x, y, x + 18, y, { stroke: theme.red, lineWidth: 2 }), dot('diamond', x + 9, y, 4.5, { fill: theme.red }, {})] }],
    caption: captionOf(load, `n = ${load.n} photos; ${known.length ? `${Math.round(100 * known[0].level)} % intervals, any distribution` : 'too few for an interval'}`),
    plot: { left: 74, right, height: plotHeight, axis: 58 },
  });
  const { grid } = framed;
  const x = (s) => grid.left + s / scale.max * grid.width, y = (share) => grid.top + (1 - share) * plotHeight;
  const curves = series.map((s) => path(curveOf(s.sorted, x, y), { stroke: s.colour, lineWidth: 2, ...(s.dash ? { lineDash: s.dash } : {}) }));
  if (load.n <= mostRaw) {
    [...load.latencies].forEach((s, i) => curves.push(dot('circle', x(s), y((i + 1) / load.latencies.length), 2.5, { fill: theme.paper, stroke: theme.blue, lineWidth: 1 }, {})));
  }
  // Labels stand beside the plot in order, pushed apart where they would touch.
  let free = grid.top - 100;
  const places = [...known].sort((a, b) => b.p - a.p).map((p) => {
    free = Math.max(free + 30, y(p.p));
    return { p, at: free };
  });
  const over = Math.max(0, (places.at(-1)?.at ?? 0) - (grid.top + plotHeight));
  const marks = places.map(({ p, at }, i) => {
    const label = at - (over && i >= 0 ? over : 0), shapes = [];
    if (p.lowS !== null && p.highS !== null) shapes.push(line(x(p.lowS), y(p.p), x(p.highS), y(p.p), { stroke: theme.red, lineWidth: 2.5 }));
    shapes.push(dot('diamond', x(p.s), y(p.p), 5, { fill: theme.red, stroke: theme.paper, lineWidth: 1 }, { stroke: theme.ink, lineWidth: 2.5 }));
    const left = grid.left + grid.width;
    shapes.push(path(`M${(x(p.highS ?? p.s) + 6).toFixed(1)} ${y(p.p).toFixed(1)}L${left + 6} ${label.toFixed(1)}`, { stroke: theme.line, lineWidth: 1 }));
    const name = `p${Number((100 * p.p).toFixed(2))} ${seconds(p.s)}`;
    shapes.push(words(left + 10, label - 7, name, theme, { bold: true, size: sizes.small }));
    shapes.push(words(left + 10, label + 7, p.lowS === null ? 'no interval' : `${seconds(p.lowS)} to ${seconds(p.highS)}`, theme, { size: sizes.small, colour: theme.soft }));
    return { name, shapes, tip: tip([name, p.lowS === null ? '' : `${seconds(p.lowS)} to ${seconds(p.highS)}`, `n = ${p.n}`]) };
  });
  const shareAxis = linearAxis('share of photos done', { min: 0, max: 1, step: 0.2 }, theme, (v) => `${Math.round(100 * v)} %`);
  return {
    id, title: `Latency under load: ${load.variant}, ${load.scenario}`, width, height: framed.height,
    description: `${load.n} photos. ${known.map((p) => `p${Number((100 * p.p).toFixed(2))}: ${seconds(p.s)}${p.lowS === null ? '' : ` (${seconds(p.lowS)} to ${seconds(p.highS)})`}.`).join(' ')}`,
    option: compose(framed, { xAxis: linearAxis('latency, lower is better', scale, theme, secondsTicks(scale.max)), yAxis: { ...shareAxis, nameGap: 46 },
      series: [marksSeries('curves', [{ name: 'curves', shapes: curves }], { silent: true, z: 1 }), marksSeries('percentiles', marks)] }),
    table: { columns: ['percentile', 'latency', 'interval', 'photos', 'photos that it needs', load.innerName], series: 'percentiles',
      marks: load.percentiles.map((p) => places.findIndex((place) => place.p === p)),
      rows: load.percentiles.map((p, i) => [`p${Number((100 * p.p).toFixed(2))}`, seconds(p.s), p.lowS === null ? '–' : `${seconds(p.lowS)} to ${seconds(p.highS)}`,
        String(p.n), String(p.needs), seconds(load.inner[i]?.s ?? null)]) },
    names: [...series.map((s) => s.name), ...places.map(({ p }) => `p${Number((100 * p.p).toFixed(2))} ${seconds(p.s)}`)],
  };
}
