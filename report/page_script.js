// What the page does once it is open: draws charts as they come into view, follows the reader's choice of colours, lights up
// the mark whose row of the table has the focus, and draws the pair of variants that was picked.
import { allCharts, pairChart } from './charts/all.js';
import { unpacked } from './model.js';
import { measureText } from './text.js';
import { themes } from './theme.js';

const report = unpacked(document.getElementById('model').textContent);
const builders = new Map(allCharts(report).map((chart) => [chart.key, chart.build]));
const shown = new Map(); // plot element -> {drawing, series}
const leastWidth = 760;
const run = report.main;
echarts.setPlatformAPI({ measureText });

function themeNow() {
  const chosen = document.documentElement.dataset.theme;
  if (chosen) return themes[chosen];
  return themes[window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'];
}

function draw(plot, build) {
  const width = Math.max(leastWidth, Math.floor(plot.parentElement.clientWidth));
  const chart = build({ width, theme: themeNow() });
  if (!chart) return null;
  shown.get(plot)?.drawing.dispose();
  plot.style.width = `${chart.width}px`;
  plot.style.height = `${chart.height}px`;
  const drawing = echarts.init(plot, null, { renderer: 'canvas', width: chart.width, height: chart.height });
  drawing.setOption(chart.option);
  drawing.on('click', (event) => plot.closest('figure').dataset.picks && pick(event.name));
  shown.set(plot, { drawing, build, width });
  plot.closest('figure').classList.add('drawn');
  return chart;
}

// Rows of a table tell their mark: the series' name and the number of the datum.
function light(row, on) {
  const plot = row.closest('figure')?.querySelector('.plot');
  const drawn = plot && shown.get(plot);
  if (!drawn || row.dataset.mark === undefined) return;
  const which = { seriesName: row.dataset.series, dataIndex: Number(row.dataset.mark) };
  drawn.drawing.dispatchAction({ type: on ? 'highlight' : 'downplay', ...which });
  drawn.drawing.dispatchAction(on ? { type: 'showTip', seriesIndex: seriesIndex(drawn.drawing, which.seriesName), dataIndex: which.dataIndex } : { type: 'hideTip' });
  plot.dataset.lit = on ? row.dataset.mark : '';
}

function seriesIndex(drawing, name) {
  return drawing.getOption().series.findIndex((series) => series.name === name);
}

const chosen = { a: document.getElementById('pick-a'), b: document.getElementById('pick-b') };
let next = 'a';

// A click on a mark, or Enter on its row, picks the first variant, then the second, then the first again.
function pick(name) {
  const variant = run.byName.get(name);
  if (!chosen.a || !variant || ![...chosen.a.options].some((option) => option.value === String(variant.index))) return;
  chosen[next].value = String(variant.index);
  next = next === 'a' ? 'b' : 'a';
  showPair();
}

function cell(row, tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (tag === 'th') made.scope = 'col';
  row.append(made);
}

function showPair() {
  const [a, b] = [chosen.a, chosen.b].map((select) => run.variants[Number(select.value)]);
  const figure = document.getElementById('pair-figure'), said = document.getElementById('pair-words');
  const chart = a === b ? null : draw(figure.querySelector('.plot'), (look) => pairChart(run, a, b, look));
  figure.hidden = !chart;
  if (!chart) {
    said.textContent = a === b ? 'Pick two different variants.' : `${a.name} and ${b.name} have no round in which both have a time.`;
    return;
  }
  said.textContent = chart.description;
  figure.querySelector('.plot').setAttribute('aria-label', `${chart.title}: ${a.name}`);
  const table = document.createElement('table'), head = table.createTHead().insertRow(), body = table.createTBody();
  chart.table.columns.forEach((text) => cell(head, 'th', text));
  chart.table.rows.forEach((values, i) => {
    const row = body.insertRow();
    row.tabIndex = 0;
    row.dataset.mark = String(i);
    row.dataset.series = chart.table.series;
    values.forEach((text) => cell(row, 'td', text));
  });
  document.getElementById('pair-table').replaceChildren(table);
}

function redraw(all) {
  for (const [plot, { build, width }] of shown) {
    if (all || Math.max(leastWidth, Math.floor(plot.parentElement.clientWidth)) !== width) draw(plot, build);
  }
}

for (const type of ['focusin', 'focusout', 'mouseover', 'mouseout']) {
  document.addEventListener(type, (event) => {
    const row = event.target.closest?.('tr[data-mark]');
    if (row) light(row, type === 'focusin' || type === 'mouseover');
  });
}
document.addEventListener('keydown', (event) => {
  const row = event.target.closest?.('tr[data-mark]');
  if (!row || (event.key !== 'Enter' && event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return;
  event.preventDefault();
  if (event.key === 'Enter') {
    if (row.dataset.variant) pick(row.dataset.variant);
  } else {
    (event.key === 'ArrowDown' ? row.nextElementSibling : row.previousElementSibling)?.focus();
  }
});

const switches = document.querySelectorAll('button[data-colours]');
for (const button of switches) {
  button.addEventListener('click', () => {
    if (button.dataset.colours === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = button.dataset.colours;
    switches.forEach((other) => other.setAttribute('aria-pressed', String(other === button)));
    redraw(true);
  });
}
window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => redraw(true));
let resizing = null;
window.addEventListener('resize', () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => redraw(false), 150);
});

const coming = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const plot = entry.target.querySelector('.plot'), build = builders.get(entry.target.dataset.chart);
    if (entry.isIntersecting && !shown.has(plot) && build) draw(plot, build);
  }
}, { rootMargin: '300px' });
document.querySelectorAll('figure[data-chart]').forEach((figure) => coming.observe(figure));
document.documentElement.classList.add('scripted');
if (chosen.a) {
  chosen.a.addEventListener('change', showPair);
  chosen.b.addEventListener('change', showPair);
  showPair();
}
// A section that the address names, of which the browser knew nothing while plots had no height yet.
if (window.location.hash) document.querySelector(window.location.hash.replace(/[^#\w-]/g, ''))?.scrollIntoView();
