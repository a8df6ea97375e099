'use strict';
// Hover, arm toggles, replay and downloads. Without it the page still shows everything.
(() => {
  const ns = 'http://www.w3.org/2000/svg';
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  document.documentElement.classList.add('scripted');

  // Check boxes hide what belongs to an arm, in every figure.
  const shown = arm => {
    const box = document.querySelector(`.toggles [data-arm="${arm}"]`);
    return !box || box.checked;
  };
  for (const box of all('.toggles input')) {
    const update = () => {
      for (const part of all(`.arm-${box.dataset.arm}`)) part.classList.toggle('off', !box.checked);
    };
    box.addEventListener('change', update);
    update();
  }

  // A scale as [from, to, low, high, log?] in pixels and data.
  const scaleOf = text => {
    const [from, to, low, high] = text.split(' ').map(Number);
    const log = text.endsWith('log');
    const f = log ? Math.log : v => v;
    return v => from + (f(v) - f(low)) / (f(high) - f(low)) * (to - from);
  };

  const short = text => String(Number(Number(text).toPrecision(3)));

  // Curves: the numbers under the pointer, or under a cursor that the arrow keys move.
  for (const figure of all('figure[data-kind=lines]')) {
    const svg = figure.querySelector('svg');
    const x = scaleOf(svg.dataset.x), y = scaleOf(svg.dataset.y);
    const [left, right] = svg.dataset.x.split(' ').map(Number);
    const [bottom, top] = svg.dataset.y.split(' ').map(Number);
    const rows = all('tbody tr', figure).map(row => [...row.cells].map(cell => cell.textContent.trim()));
    const steps = rows.map(row => Number(row[0]));
    const arms = all('svg > g.arm', figure).filter(g => g.querySelector('path[stroke-width="2.2"]'))
      .map(g => Number([...g.classList].find(c => /^arm-\d/.test(c)).slice(4)));
    const label = arm => {
      const box = document.querySelector(`.toggles [data-arm="${arm}"]`);
      return box ? box.closest('label').textContent.trim() : '';
    };
    const tip = document.createElement('div');
    tip.className = 'tip';
    tip.setAttribute('role', 'status');
    svg.after(tip);
    const overlay = document.createElementNS(ns, 'g');
    overlay.setAttribute('class', 'overlay');
    svg.append(overlay);
    let index = -1;

    const hide = () => {
      index = -1;
      overlay.replaceChildren();
      tip.replaceChildren();
    };
    const show = i => {
      index = Math.max(0, Math.min(steps.length - 1, i));
      const px = x(steps[index]);
      const line = document.createElementNS(ns, 'path');
      line.setAttribute('class', 'cursor');
      line.setAttribute('fill', 'none');
      line.setAttribute('d', `M${px} ${top}V${bottom}`);
      const head = document.createElement('strong');
      head.textContent = steps[index].toLocaleString('en') + ' steps';
      const dots = [], lines = [head];
      arms.forEach((arm, k) => {
        const [mean, low, high] = rows[index].slice(1 + 3 * k, 4 + 3 * k);
        if (!shown(arm) || mean === '') return;
        const dot = document.createElementNS(ns, 'circle');
        dot.setAttribute('cx', px);
        dot.setAttribute('cy', y(Number(mean)));
        dot.setAttribute('r', 4);
        dot.setAttribute('class', svg.querySelector(`g.arm-${arm}`).getAttribute('class'));
        dot.setAttribute('fill', svg.querySelector(`g.arm-${arm}`).getAttribute('fill'));
        dots.push(dot);
        const text = document.createElement('div');
        text.textContent = `${label(arm)}${label(arm) ? ': ' : ''}${short(mean)}` +
          (low === '' ? '' : ` [${short(low)}, ${short(high)}]`);
        lines.push(text);
      });
      overlay.replaceChildren(line, ...dots);
      tip.replaceChildren(...lines);
      // Beside the cursor, on the side with more room.
      const width = svg.viewBox.baseVal.width, on_right = px < width / 2;
      tip.style.left = on_right ? `calc(${100 * px / width}% + 10px)` : 'auto';
      tip.style.right = on_right ? 'auto' : `calc(${100 * (1 - px / width)}% + 10px)`;
    };
    const nearest = event => {
      const box = svg.getBoundingClientRect();
      const px = (event.clientX - box.left) * svg.viewBox.baseVal.width / box.width;
      if (px < left - 12 || px > right + 12) return hide();
      let best = 0;
      steps.forEach((s, i) => { if (Math.abs(x(s) - px) < Math.abs(x(steps[best]) - px)) best = i; });
      show(best);
    };
    svg.addEventListener('pointermove', nearest);
    svg.addEventListener('pointerdown', nearest);
    svg.addEventListener('pointerleave', hide);
    svg.addEventListener('blur', hide);
    svg.addEventListener('keydown', event => {
      const moves = {ArrowRight: 1, ArrowLeft: -1, PageUp: 10, PageDown: -10};
      if (event.key in moves) show(index < 0 ? 0 : index + moves[event.key]);
      else if (event.key === 'Home') show(0);
      else if (event.key === 'End') show(steps.length - 1);
      else if (event.key === 'Escape') return hide();
      else return;
      event.preventDefault();
    });
  }

  // The replay draws the path up to a step.
  for (const figure of all('figure[data-kind=replay]')) {
    const count = Number(figure.querySelector('svg').dataset.steps);
    const slider = figure.querySelector('input'), play = figure.querySelector('.play');
    const output = figure.querySelector('output');
    const points = line => line.getAttribute('points').split(' ');
    const panels = all('g.arm', figure).map(g => ({
      path: g.querySelector('.path'), strip: g.querySelector('.strip'), head: g.querySelector('.head'),
    })).filter(p => p.path).map(p => ({...p, at: points(p.path), along: p.strip ? points(p.strip) : []}));
    let timer = 0;
    const draw = () => {
      const step = Number(slider.value);
      for (const p of panels) {
        const n = Math.min(step, p.at.length);
        p.path.setAttribute('points', p.at.slice(0, n).join(' '));
        if (p.strip) p.strip.setAttribute('points', p.along.slice(0, n).join(' '));
        const [cx, cy] = p.at[n - 1].split(',');
        p.head.setAttribute('cx', cx);
        p.head.setAttribute('cy', cy);
      }
      output.textContent = `${step} of ${count}`;
    };
    const stop = () => {
      clearInterval(timer);
      timer = 0;
      play.textContent = 'Play';
    };
    slider.max = count;
    slider.value = count;
    slider.addEventListener('input', () => { stop(); draw(); });
    play.addEventListener('click', () => {
      if (timer) return stop();
      if (Number(slider.value) >= count) slider.value = 1;
      play.textContent = 'Pause';
      timer = setInterval(() => {
        slider.value = Number(slider.value) + Math.max(1, Math.round(count / 240));
        draw();
        if (Number(slider.value) >= count) stop();
      }, 40);
    });
    draw();
  }

  // Downloads: the picture as it would stand in a paper, and the numbers behind it.
  const field = text => /[",\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  for (const button of all('[data-save]')) {
    button.addEventListener('click', () => {
      const figure = button.closest('figure'), kind = button.dataset.save;
      let text;
      if (kind === 'svg') {
        const svg = figure.querySelector('svg').cloneNode(true);
        all('.overlay', svg).forEach(g => g.remove());
        all('.off', svg).forEach(g => g.remove());
        svg.removeAttribute('tabindex');
        text = new XMLSerializer().serializeToString(svg);
      } else {
        const full = figure.querySelector('pre.csv');
        text = full ? full.textContent : all('table tr', figure)
          .map(row => [...row.cells].map(cell => field(cell.textContent.trim())).join(',') + '\n').join('');
      }
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([text], {type: kind === 'svg' ? 'image/svg+xml' : 'text/csv'}));
      link.download = figure.id.replace('figure-', '') + '.' + kind;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }
})();
