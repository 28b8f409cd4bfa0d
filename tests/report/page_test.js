// The page in a browser: headless Chromium opens it from its file.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { allCharts } from '../../report/charts/all.js';
import { reportModel } from '../../report/model.js';
import { pageOf } from '../../report/page.js';
import { renderSvg } from '../../report/svg.js';
import { themes } from '../../report/theme.js';
import * as records from './records.js';

const require = createRequire(new URL('../../report/render.js', import.meta.url));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'photofinish-page-'));
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
const patience = 600000; // of whoever waits for a browser on a busy machine
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'], timeout: patience });
after(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

// What render.js writes as index.html; it has a test of its own.
function rendered(name, ...all) {
  const report = reportModel(records.sources(...all.map((record) => JSON.parse(JSON.stringify(record)))));
  const figures = allCharts(report).map(({ key, section, build }) => ({ key, section, chart: build({ theme: themes.light }), file: `charts/${key}.svg` }))
    .filter((figure) => figure.chart).map((figure) => ({ ...figure, svg: renderSvg(figure.chart) }));
  const path = join(folder, `${name}.html`);
  writeFileSync(path, pageOf(report, figures));
  return pathToFileURL(path).href;
}

// Of the committed journey, made once.
let whole;
const journeyPage = () => (whole ??= rendered('journey', records.journey()));

// Opens it, and keeps what it must not do: complain, ask for anything, open a dialog.
async function opened(address, options = {}) {
  const page = await browser.newPage({ viewport: { width: 1150, height: 900 }, ...options });
  page.setDefaultTimeout(patience);
  const wrong = [];
  page.on('console', (message) => wrong.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => wrong.push(`error: ${error.message}`));
  page.on('request', (request) => request.url() !== address && !request.url().startsWith('data:') && wrong.push(`request: ${request.url()}`));
  page.on('dialog', (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  const begin = Date.now();
  await page.goto(address);
  await page.waitForSelector('html.scripted');
  return { page, wrong, took: Date.now() - begin };
}

// Scrolls to charts (all of them, or those named) until they are drawn.
async function drawn(page, keys) {
  const selector = keys ? keys.map((key) => `#figure-${key}`).join(', ') : 'figure[data-chart]';
  await page.evaluate(async (wanted) => {
    for (const figure of document.querySelectorAll(wanted)) {
      figure.scrollIntoView();
      while (!figure.classList.contains('drawn')) await new Promise((done) => setTimeout(done, 20));
    }
  }, selector);
}

// Canvas px of a plot that are neither its most common colour: nothing drawn would be none.
const inked = (plot) => {
  const canvas = plot.querySelector('canvas'), { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let other = 0;
  for (let i = 0; i < data.length; i += 4) other += data[i] !== data[0] || data[i + 1] !== data[1] || data[i + 2] !== data[2];
  return other;
};

test('a whole journey with loads: opens without a complaint or a request, in both looks, accessible', async () => {
  const address = rendered('event', records.eventJourney(), records.loadRecord(records.event), records.scaling());
  for (const colorScheme of ['light', 'dark']) {
    const { page, wrong, took } = await opened(address, { colorScheme });
    console.log(`${colorScheme}: usable after ${(took / 1000).toFixed(1)} s`);
    await page.$$eval('details', (all) => all.forEach((one) => { one.open = true; }));
    await page.evaluate(axe);
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    const serious = found.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
    assert.deepEqual(serious.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html).join(' ')}`), []);
    assert.ok(found.violations.length < 5 && found.testEngine.name === 'axe-core');
    assert.deepEqual(wrong, []);
    await page.close();
  }
});

test('every chart has a title, a description, a table, and is drawn', async () => {
  const { page } = await opened(rendered('charts', records.journey(), records.loadRecord(), records.scaling()));
  await drawn(page);
  const figures = await page.$$('figure[data-chart]');
  assert.ok(figures.length > 25);
  for (const figure of figures) {
    const { key, title, words, rows, image } = await figure.evaluate((one) => ({ key: one.dataset.chart, title: document.getElementById(one.getAttribute('aria-labelledby')).textContent,
      words: document.getElementById(one.getAttribute('aria-describedby')).textContent, rows: one.querySelectorAll('tbody tr[tabindex="0"]').length, image: one.querySelector('img').alt }));
    assert.ok(title && words && rows && image === title, key);
    assert.ok(await figure.$eval('.plot', inked) > 500, `${key} is drawn`);
  }
  await page.close();
});

test('the focus on a row lights up its mark, arrow keys go from row to row', async () => {
  const { page } = await opened(journeyPage());
  const keys = ['waterfall', 'stages', 'ratios', 'timeline-of-chunked'];
  await drawn(page, keys);
  for (const key of keys) {
    const figure = page.locator(`#figure-${key}`), plot = figure.locator('.plot');
    await figure.locator('summary').focus();
    await page.keyboard.press('Enter');
    const before = await plot.screenshot();
    await figure.locator('tr[data-mark="1"]').focus();
    await page.waitForFunction((one) => one.dataset.lit === '1', await plot.elementHandle());
    const during = await plot.screenshot();
    assert.ok(!before.equals(during), `${key}: the chart looks different`);
    assert.ok(await figure.evaluate((one) => {
      const series = echarts.getInstanceByDom(one.querySelector('.plot')).getModel().getSeriesByName(one.querySelector('tr[data-mark]').dataset.series)[0];
      return series.getData().getItemGraphicEl(1).children().some((shape) => shape.currentStates.includes('emphasis'));
    }), `${key}: the mark is lit`);
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.evaluate(() => document.activeElement.dataset.mark), '2', key);
    await figure.locator('summary').focus();
    await page.waitForFunction((one) => one.dataset.lit === '', await plot.elementHandle());
  }
  await page.close();
});

test('two variants are picked by mouse and by keyboard', async () => {
  const { page, wrong } = await opened(journeyPage());
  await drawn(page, ['ratios']);
  const pair = () => page.$$eval('#pick-a, #pick-b', (both) => both.map((one) => one.selectedOptions[0].textContent));
  const words = () => page.textContent('#pair-words');
  // By mouse: two rows of the chart of ratios (chunked is its third row, reload its sixth).
  const plot = page.locator('#figure-ratios .plot'), option = await page.evaluate(() => {
    const drawing = echarts.getInstanceByDom(document.querySelector('#figure-ratios .plot'));
    const at = (index) => drawing.getModel().getSeriesByName('ratios')[0].getData().getItemGraphicEl(index).getBoundingRect().clone();
    return [2, 5].map((index) => { const box = at(index); return { x: box.x + box.width - 60, y: box.y + 8 }; });
  });
  for (const position of option) await plot.click({ position });
  assert.deepEqual(await pair(), ['chunked', 'reload']);
  assert.match(await words(), /^chunked: 1\.3\dx .* of reload's wall time, slower/);
  // By keyboard: Enter on rows of its table, then the two lists.
  await page.locator('#figure-ratios summary').focus();
  await page.keyboard.press('Enter');
  for (const name of ['pipelined', 'single-load']) {
    await page.locator(`#figure-ratios tr[data-variant="${name}"]`).focus();
    await page.keyboard.press('Enter');
  }
  assert.deepEqual(await pair(), ['pipelined', 'single-load']);
  await page.locator('#pick-a').focus();
  await page.keyboard.type('tiles');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('#pair-words').textContent.startsWith('tiles'));
  assert.equal(await page.locator('#pair-table tbody tr').count(), 1);
  await page.locator('#pick-b').selectOption({ label: 'tiles' });
  assert.equal(await words(), 'Pick two different variants.');
  assert.deepEqual(wrong, []);
  await page.close();
});

test('hostile names are nothing but text', async () => {
  const { page, wrong } = await opened(rendered('hostile', records.hostile()));
  await drawn(page);
  const text = await page.textContent('main');
  for (const shown of ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', '\\u{1b}[31mred\\u{7}', '\\u{202e}gnp.exe\\u{2066}', '{a|rich}', '-->', "a'b&amp;c", 'x'.repeat(255)]) {
    assert.ok(text.includes(shown), shown);
  }
  assert.doesNotMatch(await page.content(), /[\u202a-\u202e\u2066-\u2069\u001b\u0007]/);
  assert.equal(await page.$$eval('script', (all) => all.length), 3);
  assert.equal(await page.$$eval('img', (all) => all.filter((one) => !one.src.startsWith('data:image/svg+xml;base64,')).length), 0);
  assert.deepEqual(wrong, []);
  await page.close();
});

test('what is not whole says so, and a page without charts opens', async () => {
  for (const [name, record, said] of [['partial', records.partial(), 'PARTIAL: stopped on request after 1 of 5 rounds'], ['invalid', records.invalid(), 'INVALID: nothing was measured'],
    ['empty', records.empty(), 'INVALID: nothing was measured'], ['mangled', records.mangled(), null]]) {
    const { page, wrong } = await opened(rendered(name, record));
    await drawn(page);
    const faces = await page.$$eval('#verdict .face', (all) => all.map((one) => one.textContent));
    assert.ok(!said || faces.some((face) => face.startsWith(said)), name);
    assert.deepEqual(wrong, [], name);
    await page.close();
  }
});

test('it can be read without its script, and prints the static charts in black on white', async () => {
  const address = journeyPage(), page = await browser.newPage({ javaScriptEnabled: false });
  await page.goto(address);
  assert.ok(await page.locator('#figure-waterfall img').isVisible());
  await page.close();
  const { page: printed } = await opened(address, { colorScheme: 'dark' });
  await drawn(printed, ['waterfall']);
  await printed.emulateMedia({ media: 'print', colorScheme: 'dark' });
  assert.ok(await printed.locator('#figure-waterfall img').isVisible());
  assert.ok(!await printed.locator('#figure-waterfall .plot').isVisible());
  assert.equal(await printed.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)');
  await printed.close();
});

test('the switch chooses the colours', async () => {
  const { page } = await opened(journeyPage(), { colorScheme: 'light' });
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(await paper(), 'rgb(255, 255, 255)');
  await drawn(page, ['waterfall']);
  const before = await page.locator('#figure-waterfall .plot').screenshot();
  await page.getByRole('button', { name: 'dark' }).click();
  assert.equal(await paper(), 'rgb(21, 24, 28)');
  assert.ok(!before.equals(await page.locator('#figure-waterfall .plot').screenshot()));
  await page.getByRole('button', { name: 'as the system' }).click();
  assert.equal(await paper(), 'rgb(255, 255, 255)');
  await page.close();
});
