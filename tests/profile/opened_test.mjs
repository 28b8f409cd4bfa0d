// Files of a profile in the tools that they are for: the flame graph and speedscope, in headless Chromium, without a network.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';

const require = createRequire(new URL('../../report/render.js', import.meta.url));
const { chromium } = require('playwright-core');
const folder = mkdtempSync(join(tmpdir(), 'photofinish-profile-'));
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
const patience = 600000; // of whoever waits for a browser on a busy machine
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'], timeout: patience });
after(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});
execFileSync(process.env.PHOTOFINISH, ['profile', '--hz', '900', '--out', folder, '--', process.env.PLANTED, '300', '1', '30'],
  { stdio: 'ignore' });

// Opens it, and keeps what it must not do: complain, ask for anything from elsewhere.
async function opened(address) {
  const page = await browser.newPage({ viewport: { width: 1300, height: 900 } });
  page.setDefaultTimeout(patience);
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(`error: ${error.message}`));
  page.on('request', (request) => !/^(file|data|blob):/.test(request.url()) && wrong.push(`request: ${request.url()}`));
  await page.goto(address);
  return { page, wrong };
}

test('the flame graph zooms and searches', async () => {
  const { page, wrong } = await opened(pathToFileURL(join(folder, 'flame.svg')).href);
  const width = (name) => page.evaluate((wanted) => {
    const text = [...document.querySelectorAll('.f text')].find((node) => node.getAttribute('data-n') === wanted);
    return Number(text.parentNode.querySelector('rect').getAttribute('width'));
  }, name);
  const before = await width('planted_function');
  assert.ok(before > 100 && before < 700, `its width says 30 % of the samples, more or less: ${before} of 1180`);
  await page.evaluate(() => {
    const text = [...document.querySelectorAll('.f text')].find((node) => node.getAttribute('data-n') === 'planted_function');
    text.parentNode.dispatchEvent(new MouseEvent('click', { bubbles: true }));
  });
  assert.ok(Math.abs(await width('planted_function') - 1180) < 0.01, 'a click makes it as wide as all');
  await page.locator('#reset').click();
  assert.ok(Math.abs(await width('planted_function') - before) < 0.02, 'and back');
  assert.deepEqual(wrong, []);
  const found = await opened(`${pathToFileURL(join(folder, 'flame.svg')).href}#search=planted_f.%2B`);
  const told = Number(/matched: ([\d.]+) %/.exec(await found.page.locator('#found').textContent())[1]);
  assert.ok(told > 10 && told < 60, `the search says how much it found: ${told} %`);
  assert.equal(await found.page.locator('.f.hit text[data-n="all_else"]').count(), 0);
  assert.ok(await found.page.locator('.f.hit text[data-n="planted_function"]').count() > 0);
  assert.deepEqual(found.wrong, []);
});

const installed = existsSync(new URL('../../report/node_modules/speedscope', import.meta.url));
for (const name of ['speedscope.json', 'profile.pb.gz', 'stacks.folded']) {
  test(`speedscope opens ${name}`, { skip: installed ? false : 'speedscope is not installed (scripts/setup --tests)' }, async () => {
    const index = join(dirname(require.resolve('speedscope/package.json')), 'dist/release/index.html');
    const load = join(folder, `${name}.js`);
    writeFileSync(load, `speedscope.loadFileFromBase64(${JSON.stringify(name)}, "${readFileSync(join(folder, name)).toString('base64')}")`);
    const { page, wrong } = await opened(`${pathToFileURL(index).href}#localProfilePath=${encodeURIComponent(load)}`);
    await page.waitForSelector('canvas');
    await page.keyboard.press('3'); // the table of functions
    await page.waitForSelector('text=planted_function');
    assert.equal(await page.locator('text=all_else').count() > 0, true);
    assert.deepEqual(wrong, []);
  });
}
