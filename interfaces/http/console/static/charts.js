// Draws each table with data-chart above itself: its first column is the x axis, the others are series. The table stays: it has the
// figures for whoever can't see the drawing, or has no script.
(() => {
  "use strict";
  const HEIGHT = 240, DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 5], [1, 4], [12, 4]];
  const DAYS = [1, 2, 7, 14, 30, 90, 180].map((days) => days * 86400);
  const drawn = [];

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const monthAndDay = (seconds) => new Date(seconds * 1000).toISOString().slice(5, 10);

  function written(value, kind) {
    if (value === null || value === undefined) return "–";
    if (kind === "percent") return (value * 100).toFixed(1) + " %";
    if (kind === "money") return "$" + (value === 0 || Math.abs(value) >= 1 ? value.toFixed(2) : value.toPrecision(2));
    if (kind === "duration") return value < 1000 ? Math.round(value) + " ms" : (value / 1000).toFixed(1) + " s";
    return value.toLocaleString("en");
  }

  function read(table) {
    const heads = [...table.tHead.rows[0].cells];
    const rows = [...table.tBodies[0].rows];
    if (heads[0].dataset.kind === "day") rows.reverse();
    const days = heads[0].dataset.kind === "day";
    const labels = rows.map((row) => row.cells[0].textContent.trim());
    const x = rows.map((row, n) => (days ? Date.parse(row.cells[0].dataset.v + "T00:00:00Z") / 1000 : n));
    const series = heads.slice(1).map((head, n) => ({
      title: head.textContent,
      kind: head.dataset.kind,
      values: rows.map((row) => ("v" in row.cells[n + 1].dataset ? Number(row.cells[n + 1].dataset.v) : null)),
    }));
    return { first: heads[0].textContent, days, labels, x, series };
  }

  // Stacked: each series stands on those after it, and is drawn behind them.
  function heights(data, kind) {
    if (kind !== "stacked") return data.series.map((each) => each.values);
    const sums = data.x.map(() => 0);
    return data.series.map((each) => each.values).reverse()
      .map((values) => values.map((value, n) => (sums[n] += value || 0))).reverse();
  }

  function options(data, kind, width) {
    const text = color("--soft"), grid = { stroke: color("--hair"), width: 1 };
    const bars = kind === "line" ? undefined : uPlot.paths.bars({ size: [0.6, 40] });
    const axis = { stroke: text, grid, ticks: grid, font: "13px system-ui, sans-serif" };
    const one = data.series[0] ? data.series[0].kind : "number";
    return {
      width,
      height: HEIGHT,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      cursor: { drag: { x: false, y: false } },
      scales: {
        x: data.days ? { time: true } : { time: false, range: [-0.6, data.x.length - 0.4] },
        y: { range: (plot, low, high) => [Math.min(0, low || 0), high > 0 ? high * 1.08 : 1] },
      },
      axes: [
        data.days ? { ...axis, incrs: DAYS, values: (plot, all) => all.map(monthAndDay) } : { ...axis, splits: () => data.x, values: (plot, all) => all.map((n) => data.labels[n]) },
        { ...axis, size: 70, values: (plot, all) => all.map((value) => written(value, one)) },
      ],
      series: [
        { label: data.first, value: (plot, value) => (value === null ? "–" : data.labels[data.x.indexOf(value)]) },
        ...data.series.map((each, n) => ({
          label: each.title,
          stroke: color(`--series-${(n % 6) + 1}`),
          fill: bars ? color(`--series-${(n % 6) + 1}`) + (kind === "stacked" ? "" : "66") : undefined,
          width: 2,
          dash: bars ? [] : DASHES[n % DASHES.length],
          paths: bars,
          points: { show: !bars && data.x.length < 40, size: 6 },
          value: (plot, value, place, at) => written(at === null || at === undefined ? null : each.values[at], each.kind),
        })),
      ],
    };
  }

  function draw(table) {
    const data = read(table);
    const place = document.createElement("div");
    place.className = "chart";
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", `Chart: ${table.dataset.title}. The table below has its figures.`);
    table.closest(".scroll").before(place);
    const make = () => {
      place.replaceChildren();
      const all = [data.x, ...heights(data, table.dataset.chart)];
      return new uPlot(options(data, table.dataset.chart, place.clientWidth), all, place);
    };
    drawn.push({ place, plot: make(), make });
  }

  document.querySelectorAll("table[data-chart]").forEach(draw);
  const again = () => drawn.forEach((each) => { each.plot.destroy(); each.plot = each.make(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  let waits = 0;
  window.addEventListener("resize", () => { clearTimeout(waits); waits = setTimeout(again, 150); });
})();
