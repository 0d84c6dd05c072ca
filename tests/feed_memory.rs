//! A feed's size does not show in memory. In a process of its own: what is measured is the process's.
#![allow(clippy::unwrap_used)]

use std::io::Read;
use vantay::{
    registration::{FeedOptions, FeedReader, Finger, IdScheme, PersonalId, Registration, RegistrationId, write_line},
    template::{FingerPosition, Impression, Minutia, MinutiaKind, MinutiaeTemplate},
};

fn registration(i: usize) -> Registration {
    let minutia = |k: usize| Minutia::new(20 + 9 * k as i16, 40 + 7 * k as i16, k as u8, MinutiaKind::Ending, Some(60));
    let position = FingerPosition::new((i % 10) as u8 + 1).unwrap();
    let minutiae = (0..i % 97 + 1).map(minutia).collect();
    let template = MinutiaeTemplate::new(position, Impression::default(), Some(70), (1000, 1000), minutiae).unwrap();
    Registration {
        id: RegistrationId::new(&format!("R{i}")).unwrap(),
        personal_id: PersonalId::new(&format!("001204{i:06}"), IdScheme::Vietnam).unwrap(),
        captured_at: None,
        portrait: None,
        fingers: vec![Finger::Captured(template)],
    }
}

/// The process's resident memory in bytes, where the system says it.
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

#[test]
fn millions_of_lines_need_no_more_memory_than_thousands() {
    /// A feed of the same lines over and over, which is never held.
    struct Endless(Vec<u8>, usize, u64);
    impl Read for Endless {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let part = &self.0[self.1..];
            let n = part.len().min(out.len()).min(self.2.try_into().unwrap_or(usize::MAX));
            out[..n].copy_from_slice(&part[..n]);
            self.1 = (self.1 + n) % self.0.len();
            self.2 -= n as u64;
            Ok(n)
        }
    }
    let mut lines = Vec::new();
    (0..500).for_each(|i| write_line(&registration(i), &mut lines).unwrap());
    let total = lines.len() as u64 * 600;
    let mut count = 0;
    let mut start = None;
    let mut most = 0;
    for registration in FeedReader::new("f", Endless(lines, 0, total), FeedOptions::default()) {
        registration.unwrap();
        count += 1;
        if count % 10_000 == 0
            && let Some(now) = resident()
        {
            most = now.saturating_sub(*start.get_or_insert(now)).max(most);
        }
    }
    assert_eq!(count, 300_000);
    match start {
        None => eprintln!("skipped: millions_of_lines_need_no_more_memory_than_thousands: no /proc here"),
        Some(_) => assert!(most < 64 << 20, "{most} bytes more after {total} bytes of feed"),
    }
}
