// The list: which cards are shown, in which order, and which one is at hand.
const ORDERS = {
  best: (a, b) => a.n - b.n,
  weakest: (a, b) => b.n - a.n,
  newest: (a, b) => newest(b) - newest(a) || a.n - b.n,
  cluster: (a, b) => (a.cluster ?? Infinity) - (b.cluster ?? Infinity) || a.n - b.n,
  id: (a, b) => compareText(a.a.registration, b.a.registration) || compareText(a.b.registration, b.b.registration),
};
const newest = (card) => Math.max(card.a.captured_at ?? -Infinity, card.b.captured_at ?? -Infinity);
const compareText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

const STATES = {
  open: (card) => !isSettled(card) && !verdictOf(card),
  here: (card) => verdictOf(card) !== null,
  before: (card) => card.adjudication !== null,
  all: () => true,
};

let shown = [];
let current = null;

const near = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) complete(DATA.cards[entry.target.dataset.place]);
}, { rootMargin: "800px" });

// Fills a choice with options and keeps what was chosen.
function choices(control, options, first) {
  const chosen = control.value || first;
  control.replaceChildren(...options.map(([value, words]) => element("option", { value }, words)));
  control.value = options.some(([value]) => value === chosen) ? chosen : first;
}

function showToolbar() {
  const count = (keeps) => number(DATA.cards.filter(keeps).length);
  const of = (field) => [...new Set(DATA.cards.map((card) => card[field]))].sort();
  const listed = (group, field) => [["all", t("all")],
    ...of(field).map((code) => [code, `${named(group, code)} (${count((card) => card[field] === code)})`])];
  choices(byId("kind"), listed("kind", "kind"), "all");
  choices(byId("decision"), listed("decision", "decision"), "all");
  choices(byId("state"), Object.keys(STATES).map((state) => [state, state === "all" ? t("all") : t(`state_${state}`)]), "open");
  choices(byId("sort"), Object.keys(ORDERS).map((order) => [order, t(`sort_${order}`)]), "best");
}

// Makes every card anew, as the words change with the language.
function makeCards() {
  near.disconnect();
  DATA.cards.forEach((card, place) => {
    makeCard(card).dataset.place = place;
    near.observe(card.element);
  });
}

// Applies filters and order. A card that is decided stays where it is until the next call.
function showCards() {
  const [kind, decision, state] = ["kind", "decision", "state"].map((name) => byId(name).value);
  const find = byId("find").value.trim().toLowerCase();
  const ids = (card) => [card.a, card.b].flatMap((of) => [of.registration, of.personal_id]);
  shown = DATA.cards.filter((card) => (kind === "all" || card.kind === kind) && (decision === "all" || card.decision === decision)
    && STATES[state](card) && (!find || ids(card).some((text) => text.toLowerCase().includes(find))));
  shown.sort(ORDERS[byId("sort").value]);
  byId("cards").replaceChildren(...shown.map((card) => card.element));
  byId("none").hidden = shown.length > 0;
  byId("left-out").hidden = !DATA.run.left_out;
  byId("left-out").textContent = t("left_out", { n: number(DATA.run.left_out) });
  makeCurrent(shown.includes(current) ? current : shown[0] ?? null, false);
  showProgress();
}

function showProgress() {
  const decided = DATA.cards.filter((card) => verdictOf(card) || isSettled(card)).length;
  byId("done").max = Math.max(DATA.cards.length, 1);
  byId("done").value = decided;
  byId("shown").textContent =
    t("shown", { shown: number(shown.length), decided: number(decided), all: number(DATA.cards.length) });
  byId("storage").hidden = isKept;
  byId("storage").textContent = t("storage_memory");
}

const say = (words) => { byId("said").textContent = words; };

function makeCurrent(card, moves = true) {
  current?.element.classList.remove("current");
  current = card;
  if (!card) return;
  card.element.classList.add("current");
  complete(card);
  if (!moves) return;
  card.element.focus({ preventScroll: true });
  card.element.scrollIntoView({ block: "start" });
  say(t("said_pair", { n: shown.indexOf(card) + 1, all: shown.length }));
}

const step = (by) => {
  const next = shown[Math.min(Math.max(shown.indexOf(current) + by, 0), shown.length - 1)];
  if (next) makeCurrent(next);
};

function decide(card, verdict) {
  keep(card.key, { ...decisions.get(card.key), verdict, decided_at: verdict ? new Date().toISOString() : undefined });
  showVerdict(card);
  showProgress();
  say(t("said_verdict", { n: card.n, verdict: verdict ? t(`verdict_${verdict}`) : t("verdict_cleared") }));
}
