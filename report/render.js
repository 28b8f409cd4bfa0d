#!/usr/bin/env node
// Usage: node render.js RECORD... --out DIR
// Makes the report of records: DIR/index.html, DIR/summary.md, DIR/charts/*.svg and, where rsvg-convert is installed, *.png.
// A RECORD is a file that holds one record, or an array of {id, name, record} as the program hands them over.
// Exit status: 0 made; 2 not made, with the reason on standard error; 4 ECharts is not installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { plain } from './text.js';

const idDigits = 12;

class Refusal extends Error {}

function commandLine(words) {
  const files = [];
  let out = null;
  for (let i = 0; i < words.length; i++) {
    if (words[i] === '--out') out = words[++i];
    else files.push(words[i]);
  }
  if (!files.length || !out) throw new Refusal('usage: node render.js RECORD... --out DIR');
  return { files, out };
}

function recordsOf(file) {
  let bytes, value;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new Refusal(`${plain(file)}: ${error.code ?? error.message}`);
  }
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new Refusal(`${plain(file)}: not JSON`);
  }
  if (Array.isArray(value)) return value.map((one) => ({ id: plain(one?.id), name: one?.name ?? 'a record', record: one?.record }));
  return [{ id: createHash('sha256').update(bytes).digest('hex').slice(0, idDigits), name: file, record: value }];
}

// Only what this program made is replaced, and a whole report not by a part of one.
function checkFolder(out, partial) {
  const page = join(out, 'index.html');
  if (!existsSync(out) || !readdirSync(out).length) return;
  const head = existsSync(page) ? readFileSync(page, 'utf8').slice(0, 4000) : '';
  if (!head.includes('<meta name="generator" content="photofinish report">')) {
    throw new Refusal(`${plain(out)}: holds something that is no report; name an empty or a new folder`);
  }
  if (partial && head.includes('<meta name="photofinish-partial" content="no">')) {
    throw new Refusal(`${plain(out)}: the report of a whole run stays; a partial run's goes to another folder`);
  }
}

function write(path, text) {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

// PNGs side by side; resolves to false where rsvg-convert is not there.
async function pictures(folder, names) {
  const waiting = [...names];
  let there = true;
  const convert = (name) => new Promise((done) => {
    const child = spawn('rsvg-convert', ['--zoom', '1.5', '-o', join(folder, `${name}.png`), join(folder, `${name}.svg`)], { stdio: 'ignore' });
    child.on('error', () => { there = false; done(); });
    child.on('exit', (status) => { if (status) there = false; done(); });
  });
  const worker = async () => {
    while (there && waiting.length) await convert(waiting.shift());
  };
  await Promise.all([worker(), worker()]);
  return there;
}

async function main() {
  const { files, out } = commandLine(process.argv.slice(2));
  try {
    createRequire(import.meta.url).resolve('echarts/dist/echarts.min.js');
  } catch {
    process.exitCode = 4;
    return;
  }
  const { reportModel } = await import('./model.js');
  const { allCharts } = await import('./charts/all.js');
  const { renderSvg } = await import('./svg.js');
  const { themes } = await import('./theme.js');
  const { pageOf } = await import('./page.js');
  const { summaryOf } = await import('./summary.js');
  let report;
  try {
    report = reportModel(files.flatMap(recordsOf));
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal(error.message);
  }
  checkFolder(out, report.main?.partial === true);
  const charts = join(out, 'charts');
  mkdirSync(charts, { recursive: true });
  for (const old of readdirSync(charts)) {
    if (/^[a-z0-9-]+\.(svg|png)$/.test(old)) rmSync(join(charts, old));
  }
  const figures = [];
  for (const { key, section, build } of allCharts(report)) {
    const chart = build({ theme: themes.light });
    if (!chart) continue;
    const svg = renderSvg(chart);
    write(join(charts, `${key}.svg`), svg);
    write(join(charts, `${key}-dark.svg`), renderSvg(build({ theme: themes.dark })));
    figures.push({ key, section, chart, svg, file: `charts/${key}.svg` });
  }
  // Of the many charts of single variants, pictures in one look are enough; the other one's SVG is there.
  const drawn = await pictures(charts, figures.flatMap((f) => (f.section.startsWith('variant-') ? [f.key] : [f.key, `${f.key}-dark`])));
  write(join(out, 'summary.md'), summaryOf(report, figures));
  write(join(out, 'index.html'), pageOf(report, figures));
  if (!drawn) process.stderr.write(`${basename(process.argv[1])}: no PNG files: rsvg-convert is not installed (Debian: librsvg2-bin)\n`);
}

main().catch((error) => {
  process.stderr.write(`report: ${error instanceof Refusal ? error.message : error.stack}\n`);
  process.exitCode = 2;
});
