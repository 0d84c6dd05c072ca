// Numbers and times as the language writes them.
const number = (value, digits = 0) =>
  value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

// 3.2e-7 as 3.2 × 10⁻⁷, and larger shares in per cent.
function share(value) {
  if (!(value > 0)) return number(0);
  if (value >= 0.001) return `${number(100 * value, 1)} %`;
  const exponent = Math.floor(Math.log10(value) + 1e-9);
  const raised = [...String(exponent)].map((sign) => RAISED[sign]).join("");
  const mantissa = value / 10 ** exponent;
  return mantissa > 0.995 && mantissa < 1.005 ? `10${raised}` : `${number(mantissa, 1)} × 10${raised}`;
}

// 3.2e-7 as "one in 3.1 million"; what nobody can picture stays a share.
function oneIn(value) {
  const times = 1 / value;
  if (!(times >= 2 && times < 1e12)) return "";
  return t("one_in", {
    n: times.toLocaleString(language, { notation: "compact", compactDisplay: "long", maximumSignificantDigits: 2 }),
  });
}

const TIME = { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" };
const time = (milliseconds) => `${new Date(milliseconds).toLocaleString(language, TIME)} UTC`;
