//! Numbers that stand for names: of subjects, of registrations.

use crate::registration::IdScheme;

/// The number that stands for a subject: the twelve digits themselves, or 128 bits of the BLAKE3 of an opaque ID.
///
/// Twelve-digit keys are exact. Two opaque IDs share a key with a chance of 2⁻¹²⁸; nobody can make two that do.
pub fn subject_key(scheme: IdScheme, personal_id: &str) -> u128 {
    match (scheme, personal_id.parse::<u64>()) {
        (IdScheme::Vietnam, Ok(number)) => u128::from(number),
        _ => u128::from_le_bytes(first_bytes(personal_id)),
    }
}

/// The number by which a registration is found.
pub(crate) fn registration_hash(name: &str) -> u64 {
    u64::from_le_bytes(first_bytes(name))
}

fn first_bytes<const N: usize>(text: &str) -> [u8; N] {
    let hash = blake3::hash(text.as_bytes());
    std::array::from_fn(|i| hash.as_bytes()[i])
}
