// The keyboard. Each entry: what is pressed, what the help says, what it does.
const KEYS = [
  [["j", "ArrowRight"], "next", () => step(1)],
  [["k", "ArrowLeft"], "previous", () => step(-1)],
  [["1", "s"], "same", () => decideAndGo("same")],
  [["2", "d"], "different", () => decideAndGo("different")],
  [["3", "u"], "unsure", () => decideAndGo("unsure")],
  [["0", "Backspace"], "clear", () => current && decide(current, null)],
  [["n"], "note", () => current?.element.querySelector(".note-field").focus()],
  [["/"], "find", () => byId("find").focus()],
  [["e"], "export", () => saveAndSay()],
  [["l"], "language", () => speak(LANGUAGES[1 - LANGUAGES.indexOf(language)])],
  [["?"], "help", () => { byId("help").open = !byId("help").open; }],
];
const SIGNS = { ArrowRight: "→", ArrowLeft: "←", Backspace: "⌫" };

function decideAndGo(verdict) {
  if (!current) return;
  decide(current, verdict);
  if (current !== shown.at(-1)) step(1);
}

function saveAndSay() {
  const file = save();
  const n = number([...decisions.values()].filter((one) => one.verdict).length);
  say(file ? t("said_saved", { n, file }) : t("said_nothing"));
}

function showKeys() {
  byId("keys").replaceChildren(...KEYS.map(([keys, name]) => element("div", {},
    element("dt", {}, ...keys.flatMap((key, n) => [n ? " " : "", element("kbd", {}, SIGNS[key] ?? key)])),
    element("dd", {}, t(`key_${name}`)))));
}

function pressed(event) {
  const isTyping = event.target.matches?.("input, select, textarea");
  if (event.key === "Escape" && isTyping) {
    event.target.blur();
    current?.element.focus({ preventScroll: true });
    return;
  }
  if (isTyping || event.ctrlKey || event.altKey || event.metaKey) return;
  const known = KEYS.find(([keys]) => keys.includes(event.key));
  if (!known) return;
  event.preventDefault();
  known[2]();
}
