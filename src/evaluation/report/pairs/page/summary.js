// The head of the page: what was run, what came of it, what the rates rest on.
function showSummary() {
  const run = DATA.run;
  document.title = `${t("title")} · ${visible(run.gallery)}`;
  byId("lead").textContent = t(run.against ? "lead_against" : "lead", {
    gallery: visible(run.gallery), against: visible(run.against ?? ""), date: time(run.finished_at),
    registrations: number(run.registrations), subjects: number(run.subjects),
  });
  byId("tiles").replaceChildren(...tiles(run));
  byId("counts").replaceChildren(countsTable(run.counts));
  byId("basis").replaceChildren(...basis(run));
  byId("plots").hidden = !document.querySelector(".plot");
  byId("foot").replaceChildren(...foot(run));
}

const sum = (counts) => counts.reduce((all, count) => all + count.pairs, 0);

function tiles(run) {
  const machine = run.counts.filter((count) => !count.by_person);
  const figures = [
    ["tile_review", sum(machine.filter((count) => count.decision === "review"))],
    ["tile_match", sum(machine.filter((count) => count.decision === "match"))],
    ["tile_decided", sum(run.counts.filter((count) => count.by_person))],
    ["tile_clusters", run.clusters],
    ["tile_weak", run.weak_clusters],
  ];
  return figures.map(([name, value]) =>
    element("div", { class: "tile" }, element("strong", {}, number(value)), element("span", {}, t(name))));
}

function countsTable(counts) {
  const kinds = [...new Set(counts.map((count) => count.kind))];
  const columns = [["match", false], ["review", false], ["match", true], ["none", true]]
    .filter(([decision, person]) => counts.some((c) => c.decision === decision && c.by_person === person));
  const heading = ([decision, person]) => {
    const words = named("decision", decision);
    return element("th", { scope: "col" }, person ? `${words}, ${t("by_person")}` : words);
  };
  const row = (name, mine) => element("tr", {}, element("th", { scope: "row" }, name),
    ...columns.map(([decision, person]) =>
      element("td", {}, number(sum(mine.filter((c) => c.decision === decision && c.by_person === person))))),
    element("td", {}, number(sum(mine))));
  const rows = kinds.map((kind) => row(named("kind", kind), counts.filter((count) => count.kind === kind)));
  return element("table", {},
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, t("count_kind")), ...columns.map(heading),
      element("th", { scope: "col" }, t("count_total")))),
    element("tbody", {}, ...rows, kinds.length > 1 ? row(t("count_total"), counts) : null));
}

function basis(run) {
  const lines = [[t("basis_searched"), t("basis_searched_text", {
    comparisons: number(run.comparisons), full: number(run.full_comparisons), seconds: number(run.seconds, 1),
  })]];
  if (run.accept) lines.push([t("basis_accept"), level(run.accept)]);
  if (run.review) lines.push([t("basis_review"), level(run.review)]);
  for (const one of run.calibrations) {
    lines.push([t("basis_rates"), t("basis_rates_text", {
      system: visible(one.system), data: visible(one.data), date: one.date,
      genuine: number(one.genuine), impostor: number(one.impostor),
    })]);
  }
  if (!run.calibrations.length) lines.push([t("basis_rates"), t("basis_none")]);
  return lines.flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]);
}

// A level of the policy, `{"false_pairs": 1}`, in words.
function level(of) {
  const [code, value] = Object.entries(of)[0];
  const plain = () => Object.entries(value).map(([part, score]) => `${named("part", part)} ${score}`).join(", ");
  const x = code === "score" ? plain() : code === "fmr" || code === "fpir" ? share(value) : number(value, value % 1 ? 2 : 0);
  return `level_${code}` in STRINGS ? t(`level_${code}`, { x }) : `${code} ${x}`;
}

function foot(run) {
  const command = `vantay dedup ${quoted(run.gallery)}${otherOptions(run)} --decisions decisions.ndjson`;
  const [before, after] = t("foot", { version: run.library }).split("{command}");
  return [before, element("code", {}, visible(command)), after ?? ""];
}

// The options of a command that say where the other gallery and the keys are.
function otherOptions({ against, keys }) {
  const options = [["--key-file", keys[0]], ["--against", against], ["--against-key-file", keys[1]]];
  return options.map(([name, value]) => (value ? ` ${name} ${quoted(value)}` : "")).join("");
}

// An argument for a shell: in single quotes if it is more than a plain word.
const quoted = (text) => (/^[\w./:@%+,=][\w./:@%+,=-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
