// What the person decided in this page: kept in the browser's storage where it has one, else until the page is closed.
const KEPT = `vantay-decisions-${DATA.run.identity}`;
const VERDICTS = ["same", "different", "unsure"];

const storage = (() => {
  try {
    localStorage.setItem("vantay-test", "1");
    localStorage.removeItem("vantay-test");
    return localStorage;
  } catch {
    return null;
  }
})();

function remembered(name) {
  try {
    return storage?.getItem(name) ?? null;
  } catch {
    return null;
  }
}

let isKept = storage !== null;

function remember(name, value) {
  try {
    storage?.setItem(name, value);
  } catch {
    isKept = false;
  }
}

// What the pair is called in storage: JSON, so that no two pairs share a name whatever their IDs hold.
const keyOf = (card) => JSON.stringify([card.kind, card.a.registration, card.b.registration]);

const decisions = (() => {
  try {
    const kept = JSON.parse(remembered(KEPT) ?? "{}");
    const sound = Object.entries(kept).filter(([, one]) => one && (VERDICTS.includes(one.verdict) || !one.verdict));
    return new Map(sound);
  } catch {
    return new Map();
  }
})();

let hasUnsaved = false;

function keep(key, decision) {
  if (decision.verdict || decision.note) decisions.set(key, decision);
  else decisions.delete(key);
  hasUnsaved = true;
  remember(KEPT, JSON.stringify(Object.fromEntries(decisions)));
}

const verdictOf = (card) => decisions.get(card.key)?.verdict ?? null;

// Settled before this page was made; what a person was unsure of is still open.
const isSettled = (card) => card.adjudication !== null && card.adjudication.decision !== "unsure";

// The decisions as `vantay dedup --decisions` takes them, in the order of the list.
function exported() {
  const side = ({ personal_id, registration }) => ({ personal_id, registration });
  const by = byId("by").value.trim();
  const lines = DATA.cards.filter((card) => verdictOf(card)).map((card) => {
    const { verdict, decided_at, note } = decisions.get(card.key);
    const line = { a: side(card.a), b: side(card.b), kind: card.kind, decision: verdict, decided_at };
    if (by) line.by = by;
    if (note) line.note = note;
    return JSON.stringify(line);
  });
  return lines.map((line) => `${line}\n`).join("");
}

// Hands the file to the person; returns its name, or null where there is nothing to save.
function save() {
  const text = exported();
  if (!text) return null;
  const name = (DATA.run.gallery.split(/[\\/]/).filter(Boolean).pop() ?? "gallery").replace(/[^\w.-]+/g, "_");
  const file = `decisions-${name}.ndjson`;
  const address = URL.createObjectURL(new Blob([text], { type: "application/x-ndjson" }));
  element("a", { href: address, download: file }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
  hasUnsaved = false;
  return file;
}
