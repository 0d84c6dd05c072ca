// One card a pair. The head is made at once; prints and portraits when the card comes near the window.
function makeCard(card) {
  const made = element("li", { class: "card", tabindex: "-1", "aria-label": t("pair", { n: card.n }) });
  made.append(title(card), ...before(card), element("div", { class: "body" }, side(card.a), side(card.b), scores(card)),
    element("div", { class: "lazy" }), verdictBar(card));
  card.element = made;
  showVerdict(card);
  return made;
}

function title(card) {
  const badges = [
    element("span", { class: "badge kind" }, named("kind", card.kind)),
    element("span", { class: `badge ${card.decision}` }, named("decision", card.decision)),
  ];
  if (card.cluster !== null) {
    const words = t("cluster", { n: card.cluster + 1, members: number(card.cluster_members) });
    badges.push(element("span", { class: "badge" }, words));
  }
  if (card.weak_bridge) badges.push(element("span", { class: "badge weak" }, t("weak_bridge")));
  const days = Math.round(Math.abs((card.a.captured_at ?? NaN) - (card.b.captured_at ?? NaN)) / 86400000);
  const apart = days === 1 ? t("apart_one") : days > 1 ? t("apart", { n: number(days) }) : null;
  const why = [named("reason", card.reason.code), apart].filter(Boolean);
  return element("div", { class: "title" }, element("h3", {}, t("pair", { n: card.n })), ...badges,
    element("span", { class: "why" }, why.join(" · ")));
}

function before(card) {
  const known = card.adjudication;
  if (!known) return [];
  const values = { verdict: t(`verdict_${known.decision}`), by: visible(known.by ?? "") };
  const words = [t(known.by ? "decided_before_by" : "decided_before", values), known.decided_at, known.note];
  return [element("p", { class: "before" }, words.filter(Boolean).map(visible).join(" · "))];
}

function side(of) {
  const has = [of.portrait ? t("has_portrait") : null, of.fingers.length ? t("has_fingers", { n: of.fingers.length }) : null];
  const lines = [
    ["registration", id(of.registration)],
    ["number", id(of.personal_id)],
    ["captured", of.captured_at === null ? t("captured_unknown") : time(of.captured_at)],
    ["has", has.filter(Boolean).join(", ")],
  ];
  const list = element("dl", {}, ...lines.flatMap(([name, value]) => [element("dt", {}, t(name)), element("dd", {}, value)]));
  return element("div", { class: "side" }, hasImages ? face(of) : null, list);
}

const hasImages = DATA.cards.some((card) => [card.a, card.b].some((of) => of.image || of.image_missing));

function face(of) {
  const words = t("portrait", { id: visible(of.registration) });
  if (of.image) return element("figure", { class: "face" }, element("img", { src: of.image, alt: words, loading: "lazy" }));
  return element("figure", { class: "face", "aria-label": words }, t(of.image_missing ?? "portrait_none"));
}

function scores(card) {
  const rate = ({ fmr, fmr_interval: interval, extrapolated: fitted }) => {
    if (fmr === null) return element("td", {}, "–");
    const text = element("span", fitted ? { class: "fitted", title: t("extrapolated_title") } : {}, share(fmr));
    const words = [oneIn(fmr), fitted ? t("extrapolated") : ""].filter(Boolean).join(", ");
    const ends = interval ? t("interval", { low: share(interval[0]), high: share(interval[1]) }) : "";
    return element("td", {}, text, words ? element("small", {}, words) : null, ends ? element("small", {}, ends) : null);
  };
  const line = (name, score, said) => element("tr", {}, element("th", { scope: "row" }, name),
    element("td", {}, score), element("td", {}, said.llr === null ? "–" : number(said.llr, 1)), rate(said));
  const parts = card.parts.map((part) => {
    const isFace = part.part === "face";
    const name = isFace ? t("part_face") : t(`finger_${part.part}`);
    return line(name, number(part.score, isFace ? 3 : 1), part);
  });
  const head = [["part"], ["score"], ["llr", "llr_title"], ["fmr", "fmr_title"]]
    .map(([name, hint]) => element("th", { scope: "col", title: hint ? t(hint) : null }, t(name)));
  return element("table", { class: "scores" }, element("thead", {}, element("tr", {}, ...head)),
    element("tbody", {}, ...parts, line(t("part_all"), card.llr === null ? number(card.score, 2) : "", card)));
}

function verdictBar(card) {
  const buttons = VERDICTS.map((verdict, n) =>
    element("button", { type: "button", class: verdict, "aria-pressed": "false", "aria-keyshortcuts": String(n + 1),
      onclick: () => { makeCurrent(card, false); decide(card, verdictOf(card) === verdict ? null : verdict); } },
    t(`verdict_${verdict}`)));
  const note = element("input", { type: "text", class: "note-field", maxlength: 280, "aria-label": t("note"), placeholder: t("note"),
    onchange: (event) => keep(card.key, { ...decisions.get(card.key), note: event.target.value.trim() }) });
  return element("div", { class: "verdict", role: "group", "aria-label": t("verdict") }, ...buttons, note,
    element("span", { class: "when" }));
}

// Shows on the card what was decided.
function showVerdict(card) {
  const decision = decisions.get(card.key);
  const shown = decision?.verdict ?? (isSettled(card) ? card.adjudication.decision : null);
  if (shown) card.element.dataset.verdict = shown;
  else delete card.element.dataset.verdict;
  VERDICTS.forEach((verdict) =>
    card.element.querySelector(`.verdict .${verdict}`).setAttribute("aria-pressed", String(decision?.verdict === verdict)));
  card.element.querySelector(".note-field").value = decision?.note ?? "";
  card.element.querySelector(".when").textContent =
    decision?.verdict ? t("decided_here", { when: time(Date.parse(decision.decided_at)) }) : "";
}

// The costly part of a card, once.
function complete(card) {
  const place = card.element.querySelector(".lazy");
  if (place.hasChildNodes()) return;
  if (card.drawn) {
    if (card.fingers.length) place.append(drawFingers(card));
  } else if (card.parts.some((part) => part.part !== "face")) place.append(compareCommand(card));
}

// Where the page does not hold the prints, the command that draws them.
function compareCommand(card) {
  const { gallery } = DATA.run;
  const command = `vantay compare --gallery ${quoted(gallery)}${otherOptions(DATA.run)} --report pair.html -- ${quoted(card.a.registration)} ${quoted(card.b.registration)}`;
  const copy = element("button", { type: "button", onclick: () =>
    navigator.clipboard?.writeText(command).then(() => { copy.textContent = t("copied"); }, () => {}) }, t("copy"));
  return element("div", { class: "command" }, t("prints_command"), element("code", {}, visible(command)), copy);
}
