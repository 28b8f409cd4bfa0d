#!/usr/bin/env node
// Usage: node render.js RECORD... --out DIR
// Makes the report of records: DIR/index.html, DIR/summary.md, DIR/charts/*.svg and, where rsvg-convert is installed, *.png.
// A RECORD is a file that holds one record, or an array of {id, name, record} as the program hands them over.
// Exit status: 0 made; 2 not made, with the reason on standard error; 4 ECharts is not installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
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

// PNGs are made two at a time beside the drawing; `finished` tells whether rsvg-convert was there for all of them.
function painter(folder) {
  const waiting = [];
  let running = 0, there = true, settle = null;
  const step = () => {
    while (there && running < 2 && waiting.length) {
      const name = waiting.shift();
      const child = spawn('rsvg-convert', ['--zoom', '1.5', '-o', join(folder, `${name}.png`), join(folder, `${name}.svg`)], { stdio: 'ignore' });
      let ended = false;
      const end = (good) => {
        if (ended) return;
        ended = true;
        running--;
        there = there && good;
        step();
      };
      running++;
      child.on('error', () => end(false));
      child.on('exit', (status) => end(status === 0));
    }
    if (settle && !running && (!there || !waiting.length)) settle(there);
  };
  const paint = (name) => {
    waiting.push(name);
    step();
  };
  return { paint, finished: () => new Promise((done) => { settle = done; step(); }) };
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
  const figures = [], pictures = painter(charts);
  for (const { key, section, build } of allCharts(report)) {
    const chart = build({ theme: themes.light });
    if (!chart) continue;
    const svg = renderSvg(chart);
    write(join(charts, `${key}.svg`), svg);
    write(join(charts, `${key}-dark.svg`), renderSvg(build({ theme: themes.dark })));
    figures.push({ key, section, chart, svg, file: `charts/${key}.svg` });
    pictures.paint(key);
    // Of the many charts of single variants, pictures in one look are enough; the other one's SVG is there.
    if (!section.startsWith('variant-')) pictures.paint(`${key}-dark`);
    await new Promise(setImmediate);
  }
  write(join(out, 'summary.md'), summaryOf(report, figures));
  write(join(out, 'index.html'), pageOf(report, figures));
  if (!await pictures.finished()) process.stderr.write(`report: no PNG files: rsvg-convert is not installed (Debian: librsvg2-bin)\n`);
}

main().catch((error) => {
  process.stderr.write(`report: ${error instanceof Refusal ? error.message : error.stack}\n`);
  process.exitCode = 2;
});
