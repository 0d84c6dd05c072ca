//! Which registrations are of one person.

use super::{Generator, population::Entry};
use std::io::{self, Write};

/// Two registrations of one person, by the lines of the feed, the earlier first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TruePair {
    /// The earlier line, from 0.
    pub a: u64,
    /// The later line, from 0.
    pub b: u64,
    /// Whether both are under one personal ID.
    pub same_id: bool,
}

impl Generator {
    /// Every pair of registrations of one person, person by person: first those with a false registration among them, then
    /// those under one ID, of populations whose subjects register more than once.
    pub fn true_pairs(&self) -> impl Iterator<Item = TruePair> {
        let population = self.population();
        let own = move |person| {
            (0..population.captures).map(move |capture| Entry { person, capture, alias: None }).collect::<Vec<_>>()
        };
        let first_of_their_person = (0..self.false_registrations()).filter(|alias| alias % 10 != 9);
        let false_ones = first_of_their_person.flat_map(move |alias| {
            let mut entries = own(self.false_entry(alias).person);
            entries.push(self.false_entry(alias));
            let third = alias + 1;
            if third % 10 == 9 && third < self.false_registrations() {
                entries.push(self.false_entry(third));
            }
            self.pairs_of(&entries, false)
        });
        let people = if population.captures > 1 { population.subjects } else { 0 };
        false_ones.chain((0..people).flat_map(move |person| self.pairs_of(&own(person), true)))
    }

    /// The pairs among `entries`, all of one person, that are under one ID or not.
    fn pairs_of(&self, entries: &[Entry], same_id: bool) -> Vec<TruePair> {
        let mut pairs = Vec::new();
        for (i, &first) in entries.iter().enumerate() {
            for &second in &entries[i + 1..] {
                if (first.alias == second.alias) == same_id {
                    let (a, b) = (self.line_of(first), self.line_of(second));
                    pairs.push(TruePair { a: a.min(b), b: a.max(b), same_id });
                }
            }
        }
        pairs
    }
}

/// Writes the true pairs as CSV: `a,b,a_personal_id,b_personal_id,kind`, where `a` and `b` are registration IDs and `kind`
/// is `different_id` or `same_id`.
///
/// # Errors
/// Those of `out`.
pub fn write_truth(generator: &Generator, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "a,b,a_personal_id,b_personal_id,kind")?;
    for TruePair { a, b, same_id } in generator.true_pairs() {
        let [id_a, id_b] = [a, b].map(|line| generator.registration_id(line));
        let [person_a, person_b] = [a, b].map(|line| generator.personal_id(line));
        let kind = if same_id { "same_id" } else { "different_id" };
        writeln!(out, "{id_a},{id_b},{person_a},{person_b},{kind}")?;
    }
    Ok(())
}
