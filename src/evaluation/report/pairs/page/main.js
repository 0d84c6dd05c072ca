// Everything begins here.
function speak(code) {
  language = code;
  document.documentElement.lang = code;
  byId("language").value = code;
  for (const place of document.querySelectorAll("[data-t]")) place.textContent = t(place.dataset.t);
  showSummary();
  showKeys();
  showToolbar();
  makeCards();
  showCards();
}

DATA.cards.forEach((card, place) => {
  card.n = place + 1;
  card.key = keyOf(card);
});
byId("by").value = remembered("vantay-by") ?? "";
byId("by").addEventListener("change", (event) => remember("vantay-by", event.target.value));
for (const name of ["kind", "decision", "state", "sort"]) byId(name).addEventListener("change", showCards);
byId("find").addEventListener("input", showCards);
byId("export").addEventListener("click", saveAndSay);
byId("language").addEventListener("change", (event) => {
  remember("vantay-language", event.target.value);
  speak(event.target.value);
});
byId("cards").addEventListener("focusin", (event) => {
  const place = event.target.closest(".card")?.dataset.place;
  if (place !== undefined && DATA.cards[place] !== current) makeCurrent(DATA.cards[place], false);
});
document.addEventListener("keydown", pressed);
addEventListener("beforeprint", () => shown.forEach(complete));
addEventListener("beforeunload", (event) => {
  if (!isKept && hasUnsaved) event.preventDefault();
});
speak(firstLanguage(remembered("vantay-language")));
// `#pair=12` opens at that pair.
const asked = Number(/[#&]pair=(\d+)/.exec(location.hash)?.[1]);
if (shown.includes(DATA.cards[asked - 1])) makeCurrent(DATA.cards[asked - 1]);
