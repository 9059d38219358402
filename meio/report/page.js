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

// A map keeps its shape, and a legend that needs more lines makes its figure higher instead of the drawing smaller.
async function fit(figure) {
  if (figure.clientWidth === figure.fittedWidth) return;
  figure.fittedWidth = figure.clientWidth;
  figure.ownHeight = figure.ownHeight || figure.layout.height;
  const shape = (figure.layout.meta || {}).height_per_width;
  const legend = figure.querySelector(".legend .bg");
  const drawing = shape ? Math.round(figure.clientWidth * shape) + 50 : figure.ownHeight - 30;
  const height = drawing + (legend ? Math.ceil(legend.getBBox().height) : 30);
  if (!shape && height <= figure.ownHeight) return;
  figure.parentElement.style.height = height + "px";
  await Plotly.relayout(figure, { height });
}

window.addEventListener("load", () => {
  const figures = Array.from(document.querySelectorAll(".plotly-graph-div"));
  Promise.all(figures.map(fit)).then(() => {
    document.querySelectorAll("input[data-figure]").forEach(follow);
    document.body.dataset.drawn = "true";
  });
  window.addEventListener("resize", () => figures.forEach(fit));
});
