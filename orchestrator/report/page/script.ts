// What the page does when it is pointed at or opened: a cursor and a line of figures in each chart (mouse, touch or arrow
// keys), and the data tables. It reads the CSV that the page carries and asks nobody for anything. Without it the page is whole
// but for these.

export const SCRIPT = `'use strict';
const parse = (text) => {
  const rows = [[]];
  let cell = '', quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) { if (c !== '"') cell += c; else if (text[i + 1] === '"') { cell += c; i++; } else quoted = false; }
    else if (c === '"') quoted = true;
    else if (c === ',') { rows.at(-1).push(cell); cell = ''; }
    else if (c === '\\n') { rows.at(-1).push(cell); cell = ''; rows.push([]); }
    else if (c !== '\\r') cell += c;
  }
  rows.at(-1).push(cell);
  return rows;
};
const tidy = (cell) => cell !== '' && !Number.isNaN(Number(cell)) ? Number(cell).toLocaleString('en-US', { maximumFractionDigits: Math.abs(Number(cell)) >= 100 ? 0 : 2, useGrouping: cell.length < 9 }) : cell;
for (const chart of document.querySelectorAll('.chart')) {
  let rows;
  const data = () => rows ??= parse(decodeURIComponent(chart.querySelector('a[download]').href.replace(/^[^,]*,/, '')));
  const places = chart.dataset.places.split(' ').filter(Boolean).map(Number);
  const along = chart.dataset.along;
  const area = chart.querySelector('.area'), cursor = chart.querySelector('.cursor'), readOut = chart.querySelector('.read-out');
  let chosen = -1;
  const show = (index) => {
    chosen = index;
    cursor.hidden = index < 0;
    if (index < 0) { readOut.textContent = ''; return; }
    const share = places[index] * 100 + '%';
    cursor.style.cssText = along === 'x' ? 'top:0;bottom:0;width:1px;left:' + share : 'left:0;right:0;height:1px;bottom:' + share;
    const [head, ...lines] = data();
    // A count of none says nothing.
    readOut.textContent = head.map((name, i) => lines[index][i] === '' || (lines[index][i] === '0' && !name.includes('(')) ? '' : name.replace(/ \\(([^)]*)\\)$/, '') + ' ' + tidy(lines[index][i]) + (/ \\(([^)]*)\\)$/.exec(name)?.[1].replace(/^(?=\\w)/, ' ') ?? '')).filter(Boolean).join('  ·  ');
  };
  const nearest = (share) => places.reduce((best, place, i) => best < 0 || Math.abs(place - share) < Math.abs(places[best] - share) ? i : best, -1);
  const point = (event) => {
    const box = area.getBoundingClientRect();
    show(nearest(along === 'x' ? (event.clientX - box.left) / box.width : 1 - (event.clientY - box.top) / box.height));
  };
  area.addEventListener('pointermove', point);
  area.addEventListener('pointerdown', point);
  area.addEventListener('pointerleave', () => show(-1));
  area.addEventListener('blur', () => show(-1));
  area.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (step === undefined || places.length === 0) return;
    event.preventDefault();
    show(Math.min(places.length - 1, Math.max(0, chosen + step)));
  });
  chart.querySelector('.data').addEventListener('toggle', (event) => {
    const holder = event.target.querySelector('.scroll');
    if (!event.target.open || holder.firstChild) return;
    const table = document.createElement('table');
    data().forEach((row, index) => {
      const tr = (index === 0 ? table.createTHead() : table.tBodies[0] ?? table.createTBody()).insertRow();
      for (const cell of row) {
        const element = document.createElement(index === 0 ? 'th' : 'td');
        if (index === 0) element.scope = 'col';
        element.textContent = index === 0 ? cell : tidy(cell);
        tr.append(element);
      }
    });
    holder.append(table);
  });
}
`;
