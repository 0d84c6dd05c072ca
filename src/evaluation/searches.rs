//! Searches that a file of comparisons holds: who would have been found, at which rank.
//!
//! # Method
//! Each subject's first file is enrolled, every other file is searched for: once in the whole gallery, where its mate is, and
//! once in the gallery without the mate, where nobody should be found (ISO/IEC 19795-1). Ties go against the mate. That takes the score of
//! every other file against every enrolled one; a file that lists chosen pairs only holds no searches.

use super::{IdentificationRates, ScoreFile, SearchOutcome};

impl ScoreFile {
    /// The rates of the searches that the comparisons make up, or `None` where a score is missing or nobody has two files.
    ///
    /// ```
    /// # use vantay::evaluation::ScoreFile;
    /// let text = "fileA,fileB,score\na_1,a_2,9\na_1,b_1,1\na_1,b_2,3\na_2,b_1,2\na_2,b_2,0\nb_1,b_2,3\n";
    /// let searches = ScoreFile::read_from("scores.csv", text.as_bytes())?.searches().expect("all pairs");
    /// // b_2 scores 3 with its mate and 3 with a_1.
    /// assert_eq!(searches.cmc(2), [0.5, 1.0]);
    /// # Ok::<(), vantay::evaluation::EvaluationError>(())
    /// ```
    pub fn searches(&self) -> Option<IdentificationRates> {
        const NONE: u32 = u32::MAX;
        let subject = |file: usize| self.subject_of(file);
        let files = self.files().len();
        // Place in the gallery of an enrolled file, place among the probes of every other.
        let (mut enrolled, mut probes) = (vec![NONE; files], vec![NONE; files]);
        let (mut gallery, mut searched): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        let mut has_file = std::collections::HashSet::new();
        for file in 0..files {
            if has_file.insert(subject(file)) {
                enrolled[file] = gallery.len() as u32;
                gallery.push(subject(file));
            } else {
                probes[file] = searched.len() as u32;
                searched.push(subject(file));
            }
        }
        let cells = gallery.len() * searched.len();
        let relevant = self.pairs().iter().filter_map(|pair| {
            let [a, b] = pair.files.map(|file| file as usize);
            match (enrolled[a], probes[b], enrolled[b], probes[a]) {
                (row, column, ..) if row != NONE && column != NONE => Some((column, row, pair.score)),
                (.., row, column) if row != NONE && column != NONE => Some((column, row, pair.score)),
                _ => None,
            }
        });
        if searched.is_empty() || gallery.len() < 2 || relevant.clone().count() < cells {
            return None;
        }
        let mut scores = vec![f64::NAN; cells];
        for (probe, place, score) in relevant {
            scores[probe as usize * gallery.len() + place as usize] = score;
        }
        if scores.iter().any(|score| score.is_nan()) {
            return None;
        }
        let outcomes = searched.iter().zip(scores.chunks(gallery.len())).flat_map(|(mate, row)| {
            let others =
                || row.iter().zip(&gallery).filter(move |(_, subject)| *subject != mate).map(|(score, _)| *score);
            let own = row.iter().zip(&gallery).find(|(_, subject)| *subject == mate).map(|(score, _)| *score);
            let rank = |score: f64| (1 + others().filter(|other| *other >= score).count() as u32, score);
            let best = others().fold(f64::NEG_INFINITY, f64::max);
            [SearchOutcome::Mated(own.map(rank)), SearchOutcome::NonMated(Some(best))].map(|outcome| (*mate, outcome))
        });
        Some(IdentificationRates::by_subject(outcomes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> ScoreFile {
        ScoreFile::read_from("s.csv", format!("fileA,fileB,score\n{text}").as_bytes()).unwrap()
    }

    #[test]
    fn a_file_of_chosen_pairs_holds_no_searches() {
        assert!(file("a_1,a_2,9\na_1,b_1,1\na_2,b_1,2\n").searches().is_some());
        assert!(file("a_1,a_2,9\na_1,b_1,1\n").searches().is_none());
        assert!(file("a_1,b_1,1\n").searches().is_none());
        // One score twice is no score for another pair.
        assert!(file("a_1,a_2,9\na_2,a_1,9\n a_1,b_1,1\n").searches().is_none());
    }

    #[test]
    fn every_file_but_the_first_of_a_subject_is_searched_for_once_with_and_once_without_its_mate() {
        let searches = file("a_1,a_2,9\na_1,b_1,1\na_2,b_1,2\nb_2,b_1,0\nb_2,a_1,5\n").searches().unwrap();
        assert_eq!(searches.searches(), (2, 2));
        assert_eq!(searches.cmc(2), [0.5, 1.0]);
        // Without their mates, a_2 finds b_1 with 2, and b_2 finds a_1 with 5.
        assert_eq!((searches.fpir(5.0).value(), searches.fpir(5.5).value()), (0.5, 0.0));
    }
}
