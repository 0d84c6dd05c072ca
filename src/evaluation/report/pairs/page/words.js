// The words of the page. `t` looks one up; a missing one shows its name, which a test forbids.
const STRINGS = JSON.parse(document.getElementById("strings").textContent);
const DATA = JSON.parse(document.getElementById("data").textContent);
const LANGUAGES = ["en", "vi"];

let language = "en";

// `t("shown", {n: 3})`: the words, with `{n}` filled in.
function t(name, values = {}) {
  const words = STRINGS[name]?.[LANGUAGES.indexOf(language)] ?? name;
  return words.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
}

// A code of the library in words; one that this page does not know stands as it is.
const named = (group, code) => (`${group}_${code}` in STRINGS ? t(`${group}_${code}`) : code.replaceAll("_", " "));

// The language to begin with: the address's, the one chosen last, the caller's, the browser's.
function firstLanguage(remembered) {
  const asked = /[#&]lang=(\w+)/.exec(location.hash)?.[1];
  const browser = (navigator.language || "en").slice(0, 2);
  return [asked, remembered, DATA.language, browser].find((code) => LANGUAGES.includes(code)) ?? "en";
}
