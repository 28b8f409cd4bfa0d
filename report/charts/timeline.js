// What each worker did at each moment of one trial, and why it was idle: starved of work, not begun, finished, in no stage.
import { captionOf, compose, frame, linearAxis, line, marksSeries, niceScale, patterned, rowAxis, rowLabels, secondsTicks, sizes, tip, words } from '../drawing.js';
import { fitted, seconds } from '../text.js';
import { stageLook } from '../theme.js';
import { deviceLetters, timelineLetters } from '../model.js';

const mostLanes = 24; // that are drawn; the table has all
const idleNames = { wait: 'starved (waits for work)', between: 'in no stage', supervising: 'supervises the workers', 'not begun': 'not begun', finished: 'finished' };

// Stretches of one state, in columns. Blanks before the first letter are before its life, those after it behind it.
function stretchesOf(columns) {
  const out = [], alive = columns.search(/[^ ]/);
  for (let i = 0; i < columns.length;) {
    let end = i;
    while (end < columns.length && columns[end] === columns[i]) end++;
    const state = columns[i] === ' ' ? (alive < 0 || i < alive ? 'not begun' : 'finished') : timelineLetters[columns[i]] ?? 'between';
    out.push({ state, from: i / columns.length, to: end / columns.length });
    i = end;
  }
  return out;
}

// A record that does not hold the order of states has their sums: shown one after another, as what they are.
function sumsOf(lane, spanS) {
  let at = 0;
  return [['not begun', lane.notBegunS], ['busy', lane.busyS], ['wait', lane.starvedS], ['between', lane.betweenS], ['finished', lane.finishedS]]
    .filter(([, s]) => s > 0).map(([state, s]) => {
      const from = at / spanS;
      at += s;
      return { state, from, to: at / spanS };
    });
}

// A device's lane: what took most of each column. Its letters are its own.
function deviceStretches(columns) {
  const out = [];
  for (const run of columns.matchAll(/(.)\1*/g)) {
    const state = deviceLetters[run[1]];
    if (state !== 'idle') out.push({ state, from: run.index / columns.length, to: (run.index + run[0].length) / columns.length });
  }
  return out;
}

function lookOf(state, theme) {
  return state === 'busy' ? { fill: theme.blue, pattern: 'none' } : stageLook(state, theme);
}

// Idle states are thin, so that a lane's height says busy or not, too.
function shapesOf(stretch, x, y, long, theme) {
  if (stretch.state === 'finished' || stretch.state === 'not begun') {
    return [line(x, y + 11, x + long, y + 11, { stroke: theme.axis, lineWidth: 1, lineDash: stretch.state === 'finished' ? [2, 4] : [6, 3] })];
  }
  if (stretch.state === 'wait') return patterned(x, y + 7, long, 8, { fill: theme.paper, pattern: 'horizontal', stroke: theme.axis }, theme, 3);
  if (stretch.state === 'supervising') return [line(x, y + 11, x + long, y + 11, { stroke: theme.grey, lineWidth: 3 })];
  if (stretch.state === 'between') return patterned(x, y + 7, long, 8, { fill: theme.grey, pattern: 'none' }, theme);
  return patterned(x, y, long, 22, lookOf(stretch.state, theme), theme, 5);
}

const share = (s, all) => `${(100 * s / all).toFixed(s / all > 0.0995 ? 0 : 1)} %`;

export function timeline(run, { width = 1000, theme, variant, id = 'timeline' }) {
  const trial = variant.example;
  if (!trial) return null;
  const { spans } = trial, spanS = spans.toS - spans.fromS, title = `What the workers of ${variant.name} did`;
  if (!(spanS > 0)) return null;
  const lanes = spans.slots.slice(0, mostLanes), ordered = lanes.every((lane) => lane.columns);
  const names = lanes.map((lane) => (spans.hasWorkers ? (lane.slot ? `worker ${lane.slot}` : 'main process') : lane.slot ? `thread ${lane.slot}` : 'worker'));
  const scale = niceScale(spans.toS, 8), states = new Set();
  const supervises = (lane) => spans.hasWorkers && lane.slot === 0;
  const stretches = lanes.map((lane) => (ordered ? stretchesOf(lane.columns) : sumsOf(lane, spanS))
    .map((stretch) => (supervises(lane) && stretch.state === 'between' ? { ...stretch, state: 'supervising' } : stretch)));
  const device = trial.device && deviceStretches(trial.device.columns);
  stretches.concat(device ? [device] : []).flat().forEach((stretch) => states.add(stretch.state));
  if (device) names.push('device');
  const labels = rowLabels(names, fitted), rowHeight = 42, right = 310;
  const legend = [...states].filter((state) => !idleNames[state]).map((state) => ({ name: state, look: lookOf(state, theme) }));
  for (const [state, name] of Object.entries(idleNames)) {
    if (states.has(state)) legend.push({ name, shapes: (x, y) => shapesOf({ state }, x, y - 11, 18, theme) });
  }
  const onPath = ordered && spans.pathParts.length > 0;
  if (onPath) legend.push({ name: 'on the critical path', shapes: (x, y) => [line(x, y + 3, x + 18, y + 3, { stroke: theme.ink, lineWidth: 3 })] });
  const framed = frame({
    title: fitted(title, width - 40, sizes.title, true), theme, width, faces: run.faces, legend,
    subtitle: ordered ? `One trial, the one with the median time: round ${trial.round}, ${seconds(trial.wallS)}.${spans.slots.length > mostLanes ? ` ${mostLanes} of ${spans.slots.length} lanes; the table has all.` : ''}`
      : `One trial, round ${trial.round}, ${seconds(trial.wallS)}. Its record holds how long each state lasted, not when: the states are put one after another.`,
    caption: captionOf(run, `1 of ${variant.counted} trials${spans.overwritten ? `; only from ${seconds(spans.fromS)} on, earlier spans were overwritten` : ''}`),
    plot: { left: labels.left, right, height: names.length * rowHeight, axis: 58 },
  });
  const { grid } = framed;
  const at = (s) => grid.left + s / scale.max * grid.width;
  const marks = [], table = [];
  spans.slots.forEach((lane, i) => {
    const busy = lane.busyS, blocked = lane.offCpuS === null ? null : Math.max(0, lane.offCpuS - (lane.delayS ?? 0));
    table.push([i < lanes.length ? names[i] : `worker ${lane.slot}`, share(busy, spanS), seconds(busy), seconds(lane.starvedS), seconds(lane.betweenS),
      seconds(lane.notBegunS), seconds(lane.finishedS), seconds(blocked), seconds(lane.delayS)]);
    if (i >= lanes.length) return;
    const y = grid.top + i * rowHeight + 8, shapes = [];
    for (const stretch of stretches[i]) {
      const x = at(spans.fromS + stretch.from * spanS);
      shapes.push(...shapesOf(stretch, x, y, at(spans.fromS + stretch.to * spanS) - x, theme));
    }
    if (onPath) {
      for (const part of spans.pathParts.filter((one) => one.slot === lane.slot)) {
        shapes.push(line(at(part.beginS), y + 26, at(part.endS), y + 26, { stroke: theme.ink, lineWidth: 3 }));
      }
    }
    const idle = [['starved', lane.starvedS], [supervises(lane) ? 'supervises' : 'in no stage', lane.betweenS], ['not begun', lane.notBegunS], ['finished', lane.finishedS]]
      .filter(([, s]) => s / spanS >= 0.01).map(([name, s]) => `${name} ${share(s, spanS)}`);
    const left = grid.left + grid.width + 14;
    shapes.push(words(left, y + 4, `busy ${share(busy, spanS)}${blocked > 0.005 * spanS ? `, of that blocked ${share(blocked, spanS)}` : ''}`, theme, { size: sizes.small, bold: true }));
    shapes.push(words(left, y + 19, fitted(idle.join(', '), right - 24, sizes.small), theme, { size: sizes.small, colour: theme.soft }));
    marks.push({ name: names[i], shapes, tip: tip([names[i], `busy ${share(busy, spanS)}`, ...idle, blocked === null ? '' : `off the CPU within stages ${seconds(blocked)}`]) });
  });
  if (device) {
    const y = grid.top + lanes.length * rowHeight + 8, { name, wallS, copyS, computeS, bothS, busyS, decodeS } = trial.device;
    const shapes = device.flatMap((stretch) => {
      const x = at(stretch.from * spans.toS);
      return shapesOf(stretch, x, y, at(stretch.to * spans.toS) - x, theme);
    });
    const facts = [`copies ${share(copyS, wallS)}`, `kernels ${share(computeS, wallS)}`, `both at once ${share(bothS, wallS)}`, `beside decoding ${share(decodeS, wallS)}`];
    const left = grid.left + grid.width + 14;
    shapes.push(words(left, y + 4, `busy ${share(busyS, wallS)}`, theme, { size: sizes.small, bold: true }));
    shapes.push(words(left, y + 19, fitted(facts.join(', '), right - 24, sizes.small), theme, { size: sizes.small, colour: theme.soft }));
    marks.push({ name: 'device', shapes, tip: tip([name, `busy ${share(busyS, wallS)}`, ...facts]) });
    table.push(['device', share(busyS, wallS), seconds(busyS), '-', '-', '-', '-', '-', '-']);
  }
  return {
    id, title, width, height: framed.height,
    description: lanes.map((lane, i) => `${names[i]}: busy ${share(lane.busyS, spanS)}, starved ${share(lane.starvedS, spanS)}, in no stage ${share(lane.betweenS, spanS)}, not begun ${share(lane.notBegunS, spanS)}, finished ${share(lane.finishedS, spanS)}.`)
      .concat(device ? [`device: busy ${share(trial.device.busyS, trial.device.wallS)}.`] : []).join(' '),
    option: compose(framed, { xAxis: linearAxis("time since the trial's begin", scale, theme, secondsTicks(scale.max)), yAxis: rowAxis(labels.shown, theme),
      series: [marksSeries('lanes', marks)] }),
    table: { columns: ['lane', 'busy share', 'busy', 'starved', 'in no stage', 'not begun', 'finished', 'blocked within stages', 'ready, but others ran'], series: 'lanes', rows: table },
    names: [...labels.shown, ...legend.map((item) => item.name)],
  };
}
