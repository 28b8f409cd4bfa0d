// render.js as it is started: what it leaves in its folder, what it refuses, and how long an event's records take.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as records from './records.js';

const program = fileURLToPath(new URL('../../report/render.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'photofinish-render-'));
after(() => rmSync(folder, { recursive: true }));

function stored(name, record) {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(record));
  return path;
}

const render = (...words) => spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' });

test('an event of 27,539 photos', () => {
  const begin = process.hrtime.bigint();
  const out = join(folder, 'event');
  const done = render(stored('journey', records.eventJourney()), stored('load', records.loadRecord(records.event)), '--out', out);
  assert.equal(done.status, 0, done.stderr);
  console.log(`rendered in ${(Number(process.hrtime.bigint() - begin) / 1e9).toFixed(1)} s; the page has ${(readFileSync(join(out, 'index.html')).length / 1e6).toFixed(1)} MB`);
  const charts = readdirSync(join(out, 'charts'));
  for (const name of ['waterfall.svg', 'waterfall-dark.svg', 'ratios.svg', 'stages.svg', 'timeline-of-chunked.svg', 'latency-1.svg']) assert.ok(charts.includes(name), name);
  if (!/rsvg-convert is not installed/.test(done.stderr)) {
    for (const name of ['waterfall.png', 'waterfall-dark.png', 'timeline-of-chunked.png']) {
      assert.equal(readFileSync(join(out, 'charts', name)).subarray(1, 4).toString(), 'PNG', name);
    }
  }
  assert.match(readFileSync(join(out, 'summary.md'), 'utf8'), /27539 photos/);
  assert.ok(!charts.some((name) => name.endsWith('.new')));
});

test('again into the same folder: the same bytes; a part does not replace a whole', () => {
  const out = join(folder, 'twice'), whole = stored('whole', records.journey()), part = stored('part', records.partial());
  assert.equal(render(whole, '--out', out).status, 0);
  const first = readFileSync(join(out, 'index.html')), chart = readFileSync(join(out, 'charts', 'waterfall.svg'));
  assert.equal(render(whole, '--out', out).status, 0);
  assert.ok(first.equals(readFileSync(join(out, 'index.html'))));
  assert.ok(chart.equals(readFileSync(join(out, 'charts', 'waterfall.svg'))));
  const refused = render(part, '--out', out);
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /the report of a whole run stays/);
  assert.ok(first.equals(readFileSync(join(out, 'index.html'))));
});

test('a folder that holds something else is left alone', () => {
  const out = join(folder, 'other');
  mkdirSync(out);
  writeFileSync(join(out, 'index.html'), 'mine');
  const refused = render(stored('other', records.journey()), '--out', out);
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /holds something that is no report/);
  assert.deepEqual(readdirSync(out), ['index.html']);
});

test('what makes no report is refused in one line, and makes no folder', () => {
  const bad = join(folder, 'bad.json'), out = join(folder, 'none');
  writeFileSync(bad, '{');
  for (const [words, why] of [[[bad, '--out', out], /bad\.json: not JSON$/], [[join(folder, 'absent'), '--out', out], /absent: ENOENT$/], [['--out', out], /usage/],
    [[stored('x\u001b[2J', { schema: 'photofinish.time/1' }), '--out', out], /x\\u\{1b\}\[2J\.json: a report is made of records/]]) {
    const refused = render(...words);
    assert.equal(refused.status, 2);
    assert.match(refused.stderr.trim(), why);
    assert.equal(refused.stderr.trim().split('\n').length, 1);
    assert.equal(existsSync(out), false);
  }
});
