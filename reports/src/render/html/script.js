"use strict";
/* Zooms into a time line and tells the values under a cursor. Without it the pictures stand as they are. */
(() => {
  const NS = "http:\u002f\u002fwww.w3.org/2000/svg";
  const numbers = (text) => text.split(",").map((part) => (part === "" ? null : Number(part)));
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const time = (seconds) => {
    if (seconds < 100) return seconds.toFixed(2) + " s";
    const whole = Math.round(seconds);
    const two = (n) => String(n).padStart(2, "0");
    if (whole < 3600) return Math.floor(whole / 60) + " min " + two(whole % 60) + " s";
    return Math.floor(whole / 3600) + " h " + two(Math.floor(whole / 60) % 60) + " min " + two(whole % 60) + " s";
  };

  const set_up = (chart) => {
    const data = chart.dataset;
    const start = Number(data.start);
    const end = Number(data.end);
    const first = Number(data.first);
    const width = Number(data.width);
    const buckets = data.buckets === "" ? [] : numbers(data.buckets);
    const at_bucket = (n) => first + (buckets[n] + 0.5) * width;
    const pictures = [...chart.querySelectorAll("svg")];
    const output = chart.querySelector("output");
    const axis = [...chart.querySelectorAll(".axis span")];
    const bands = [...chart.querySelectorAll("[data-label]")].map((band) => ({
      from: Number(band.dataset.from),
      to: Number(band.dataset.to),
      label: band.dataset.label,
    }));
    const lines = [...chart.querySelectorAll(".series")].map((line) => ({
      name: line.dataset.name,
      panel: line.closest(".panel").querySelector("strong").textContent,
      unit: line.closest(".panel").dataset.unit,
      low: line.dataset.low.split(","),
      high: line.dataset.high.split(","),
    }));
    const shortest = Math.max((end - start) / 2000, 1e-4);
    let from = start;
    let to = end;
    let cursor = null;
    let chosen = null;

    const added = pictures.map((picture) => {
      const line = document.createElementNS(NS, "line");
      line.setAttribute("class", "cursor");
      line.setAttribute("y1", "0");
      line.setAttribute("y2", "100");
      line.style.display = "none";
      const box = document.createElementNS(NS, "rect");
      box.setAttribute("class", "chosen");
      box.setAttribute("y", "0");
      box.setAttribute("height", "100");
      box.style.display = "none";
      picture.append(box, line);
      return { line, box };
    });
    const x = (seconds) => ((seconds - start) / Math.max(end - start, 1e-6)) * 1000;

    const draw = () => {
      const left = x(from);
      const wide = Math.max(x(to) - left, 1e-3);
      for (const picture of pictures) picture.setAttribute("viewBox", left + " 0 " + wide + " 100");
      axis.forEach((tick, n) => {
        const at = from + ((to - from) * n) / (axis.length - 1);
        const left_to_go = end - at;
        if (data.backwards === undefined) tick.textContent = time(at);
        else tick.textContent = left_to_go < 0.005 ? "the end" : "\u2212" + left_to_go.toFixed(2) + " s";
      });
      for (const { line, box } of added) {
        line.style.display = cursor === null ? "none" : "";
        if (cursor !== null) {
          line.setAttribute("x1", x(cursor));
          line.setAttribute("x2", x(cursor));
        }
        box.style.display = chosen === null ? "none" : "";
        if (chosen !== null) {
          box.setAttribute("x", x(Math.min(chosen, cursor)));
          box.setAttribute("width", Math.abs(x(cursor) - x(chosen)));
        }
      }
    };

    const nearest = (seconds) => {
      let low = 0;
      let high = buckets.length - 1;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (at_bucket(middle) < seconds) low = middle;
        else high = middle;
      }
      if (high < 0) return null;
      return Math.abs(at_bucket(low) - seconds) <= Math.abs(at_bucket(high) - seconds) ? low : high;
    };

    const tell = () => {
      if (cursor === null) return;
      const parts = [data.backwards === undefined ? "at " + time(cursor) : (end - cursor).toFixed(2) + " s before the end"];
      const band = bands.find((it) => it.from <= cursor && cursor < it.to);
      if (band) parts.push(band.label);
      const n = nearest(cursor);
      if (n !== null && Math.abs(at_bucket(n) - cursor) <= 6 * width + (end - start) / 200) {
        for (const line of lines) {
          if (line.low[n] === "" || line.low[n] === undefined) continue;
          const value = line.low[n] === line.high[n] ? line.low[n] : line.low[n] + " to " + line.high[n];
          parts.push(line.panel + ", " + line.name + " " + value + " " + line.unit);
        }
      }
      output.textContent = parts.join("; ");
    };

    const show = (new_from, new_to) => {
      const length = clamp(new_to - new_from, Math.min(shortest, end - start), end - start);
      from = clamp(new_from, start, end - length);
      to = from + length;
      draw();
    };
    const zoom = (factor) => {
      const about = cursor === null ? (from + to) / 2 : clamp(cursor, from, to);
      show(about - (about - from) * factor, about + (to - about) * factor);
    };
    const move = (seconds) => {
      cursor = clamp(seconds, start, end);
      if (cursor < from) show(cursor, cursor + (to - from));
      else if (cursor > to) show(cursor - (to - from), cursor);
      else draw();
      tell();
    };
    const step = (by) => {
      if (buckets.length === 0) return move((cursor === null ? from : cursor) + (by * (to - from)) / 50);
      if (cursor === null) return move(by > 0 ? from : to);
      const n = nearest(cursor);
      const next = clamp(n + by, 0, buckets.length - 1);
      move(at_bucket(next));
    };
    const actions = {
      in: () => zoom(0.5),
      out: () => zoom(2),
      all: () => show(start, end),
    };
    for (const button of chart.querySelectorAll("[data-do]"))
      button.addEventListener("click", actions[button.dataset.do]);

    chart.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target !== chart) return;
      const far = event.shiftKey ? 10 : 1;
      const keys = {
        ArrowLeft: () => step(-far),
        ArrowRight: () => step(far),
        Home: () => move(start),
        End: () => move(end),
        "+": actions.in,
        "=": actions.in,
        "-": actions.out,
        0: actions.all,
        Escape: actions.all,
      };
      const key = keys[event.key];
      if (!key) return;
      event.preventDefault();
      key();
    });

    for (const picture of pictures) {
      const under = (event) => {
        const box = picture.getBoundingClientRect();
        return from + ((event.clientX - box.left) / Math.max(box.width, 1)) * (to - from);
      };
      picture.addEventListener("pointermove", (event) => {
        cursor = clamp(under(event), from, to);
        draw();
        tell();
      });
      picture.addEventListener("pointerdown", (event) => {
        if (event.pointerType === "touch") return;
        chosen = clamp(under(event), from, to);
        picture.setPointerCapture(event.pointerId);
      });
      picture.addEventListener("pointerup", (event) => {
        const one = chosen;
        const other = clamp(under(event), from, to);
        chosen = null;
        if (one !== null && Math.abs(other - one) > (to - from) / 100) show(Math.min(one, other), Math.max(one, other));
        else draw();
      });
      picture.addEventListener("pointerleave", () => {
        if (chosen !== null) return;
        cursor = null;
        draw();
      });
      picture.addEventListener("dblclick", actions.all);
    }
    draw();
    data.ready = String(lines.length);
  };

  for (const chart of document.querySelectorAll(".chart")) set_up(chart);
  /* On paper nothing can be unfolded. */
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of folded) details.open = false;
  });
})();
