"use strict";
// A slider shows one of its figure's frames; the arrow keys move it, and its words follow.
function follow(slider) {
  const figure = document.getElementById(slider.dataset.figure);
  const words = document.getElementById(slider.id + "-words");
  const captions = figure.layout.meta.captions;
  const show = () => {
    const at = Number(slider.value) - 1;
    words.textContent = captions[at];
    slider.setAttribute("aria-valuetext", captions[at]);
    const now = { mode: "immediate", transition: { duration: 0 }, frame: { duration: 0, redraw: true } };
    Plotly.animate(figure, [String(at + 1)], now);
  };
  slider.addEventListener("input", show);
  show();
}

// A map keeps its shape: its height follows its width.
function fit(figure) {
  const shape = (figure.layout.meta || {}).height_per_width;
  const height = shape ? Math.round(figure.clientWidth * shape + 60) : 0;
  if (height && Math.abs(height - figure.layout.height) > 1) Plotly.relayout(figure, { height });
}

window.addEventListener("load", () => {
  const figures = Array.from(document.querySelectorAll(".plotly-graph-div"));
  figures.forEach(fit);
  window.addEventListener("resize", () => figures.forEach(fit));
  document.querySelectorAll("input[data-figure]").forEach(follow);
});
