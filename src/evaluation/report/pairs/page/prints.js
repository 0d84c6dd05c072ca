// Two prints side by side. A minutia is a dot with a stroke in its direction; paired ones carry one number on both sides.
const FIELDS = 4;

// Minutiae of a print: [x, y, angle, fork], …
function minutiaeOf(print) {
  const list = [];
  for (let i = 0; i < print.minutiae.length; i += FIELDS) list.push(print.minutiae.slice(i, i + FIELDS));
  return list;
}

function drawFingers(card) {
  const figures = card.fingers.map((finger) => drawFinger(card, finger));
  return element("div", { class: "fingers" }, ...figures);
}

function drawFinger(card, finger) {
  const values = {
    a: t(`finger_${finger.a_position}`), b: t(`finger_${finger.b_position}`),
    score: number(finger.score, 1), n: finger.pairs.length,
  };
  const name = finger.a_position === finger.b_position ? "prints" : "prints_two";
  const areas = [finger.a_area, finger.b_area];
  const frames = oneScale([0, 1].map((side) => frameOf(minutiaeOf(DATA.prints[finger.prints[side]]), areas[side])));
  const prints = [0, 1].map((side) =>
    drawPrint(finger, side, [card.a, card.b][side].registration, areas[side], frames[side]));
  const two = element("div", { class: "two" }, ...prints);
  two.addEventListener("pointerover", (event) => light(two, event.target.closest?.("[data-n]")?.dataset.n));
  two.addEventListener("pointerleave", () => light(two, undefined));
  return element("figure", { class: "finger", title: t("prints_key") }, element("figcaption", {}, t(name, values)), two);
}

// Shows which minutia lies on which.
function light(two, n) {
  for (const minutia of two.querySelectorAll("[data-n]")) minutia.classList.toggle("lit", minutia.dataset.n === n);
}

function drawPrint(finger, side, registration, area, frame) {
  const print = DATA.prints[finger.prints[side]];
  const minutiae = minutiaeOf(print);
  const numbers = new Map(finger.pairs.map((pair, n) => [pair[side], n + 1]));
  const drawn = svg("svg", {
    viewBox: frame.join(" "), role: "img", preserveAspectRatio: "xMidYMid meet",
    "aria-label": t("print_of", { id: visible(registration), n: minutiae.length }),
  });
  if (area.length > 2) drawn.append(svg("polygon", { class: "area", points: area.map((p) => p.join(",")).join(" ") }));
  minutiae.forEach(([x, y, angle, fork], place) => {
    const n = numbers.get(place);
    const state = n ? "paired" : holds(area, x, y) ? "single" : "outside";
    const turn = (angle * Math.PI) / 128;
    const to = [x + 12 * Math.cos(turn), y - 12 * Math.sin(turn)].map((v) => v.toFixed(1));
    drawn.append(svg("g", { class: `minutia ${state}${fork ? " fork" : ""}`, "data-n": n },
      svg("path", { d: `M${x} ${y}L${to[0]} ${to[1]}` }), svg("circle", { cx: x, cy: y, r: 3.4 }),
      n ? svg("text", { x: x + 5, y: y - 5 }, String(n)) : null));
  });
  return drawn;
}

// The part of the plane that holds minutiae and common area, with a margin: left, top, width, height.
function frameOf(minutiae, area) {
  const points = minutiae.map(([x, y]) => [x, y]).concat(area);
  if (!points.length) return [0, 0, 100, 100];
  const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
  const [left, top] = [Math.min(...xs) - 18, Math.min(...ys) - 18];
  return [left, top, Math.max(...xs) + 22 - left, Math.max(...ys) + 18 - top];
}

// Both frames grown to one size, so that both prints are shown at one scale.
function oneScale(frames) {
  const [width, height] = [2, 3].map((size) => Math.max(...frames.map((frame) => frame[size])));
  return frames.map(([left, top, w, h]) => [left - (width - w) / 2, top - (height - h) / 2, width, height]);
}

// Whether a convex polygon holds a point.
function holds(polygon, x, y) {
  if (polygon.length < 3) return false;
  const sides = polygon.map(([px, py], k) => {
    const [qx, qy] = polygon[(k + 1) % polygon.length];
    return (qx - px) * (y - py) - (qy - py) * (x - px);
  });
  return !(sides.some((side) => side > 0) && sides.some((side) => side < 0));
}
