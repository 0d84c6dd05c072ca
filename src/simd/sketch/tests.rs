use super::*;

/// Pseudo-random bytes.
fn bytes(mut state: u64) -> impl FnMut() -> u8 {
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    }
}

#[test]
fn the_most_similar_is_that_of_plain_sums_at_every_level() {
    let mut next = bytes(7);
    let tiles: Vec<Tile> = (0..5).map(|_| std::array::from_fn(|_| std::array::from_fn(|_| next()))).collect();
    for tables in [0usize, 1, 2, 40, 64, 300] {
        // Few different entries, so that equal sums are common.
        let tables: Vec<Table> = (0..tables)
            .map(|k| std::array::from_fn(|_| std::array::from_fn(|_| next() % if k % 2 == 0 { 2 } else { 16 })))
            .collect();
        let (mut best, mut at) = (vec![[0u8; SLOTS]; 5], vec![[0u8; SLOTS]; 5]);
        for (t, tile) in tiles.iter().enumerate() {
            for slot in 0..SLOTS {
                let nibble = |g: usize| usize::from(tile[g % 8][slot] >> (g / 8 * 4) & 15);
                let sums = tables
                    .iter()
                    .take(255)
                    .map(|table| (0..NIBBLES).map(|g| u32::from(table[g][nibble(g)])).sum::<u32>());
                let first_best =
                    sums.enumerate().fold((0, 0), |kept, (i, sum)| if sum > kept.0 { (sum, i) } else { kept });
                (best[t][slot], at[t][slot]) = (first_best.0 as u8, first_best.1 as u8);
            }
        }
        for level in Level::ALL {
            if !level.is_available() {
                eprintln!("skipped: {level} is not available here");
                continue;
            }
            let (mut found, mut found_at) = (vec![[9u8; SLOTS]; 5], vec![[9u8; SLOTS]; 5]);
            MostSimilar::new(level).run(&tables, &tiles, &mut found, &mut found_at);
            assert!(found == best && found_at == at, "{level}, {} tables", tables.len());
        }
    }
}

#[test]
fn bytes_above_are_those_of_plain_comparison_at_every_level() {
    let mut next = bytes(11);
    for least in [0, 1, 100, 127, 128, 200, 254, 255] {
        let bytes: [u8; SLOTS] = std::array::from_fn(|k| if k % 3 == 0 { least } else { next() });
        let expected = (0..SLOTS).filter(|&k| bytes[k] > least).map(|k| 1u64 << k).sum::<u64>();
        for level in Level::ALL.into_iter().filter(|level| level.is_available()) {
            assert_eq!(MostSimilar::new(level).above(&bytes, least), expected, "{level}, {least}");
        }
    }
}

#[test]
fn what_is_chosen_is_the_same_at_every_level() {
    let mut next = bytes(13);
    for round in 0..200 {
        let [best, mut at, angles, of_tables] =
            std::array::from_fn(|_| -> [u8; SLOTS] { std::array::from_fn(|_| next()) });
        at.iter_mut().for_each(|at| *at %= 64);
        let bits = (0..SLOTS).filter(|_| next() < 60).take(CHOSEN).map(|k| 1u64 << k).sum::<u64>() >> (round % 8);
        let slots: Vec<usize> = (0..SLOTS).filter(|k| bits >> k & 1 == 1).collect();
        for level in Level::ALL.into_iter().filter(|level| level.is_available()) {
            let chosen = MostSimilar::new(level).choose(bits, &best, &at, &angles, &of_tables);
            for (k, &slot) in slots.iter().enumerate() {
                let found = [chosen.slots[k], chosen.most_similar[k], chosen.similarity[k], chosen.turns[k]];
                let turn = angles[slot].wrapping_sub(of_tables[usize::from(at[slot])]);
                assert_eq!(found, [slot as u8, at[slot], best[slot], turn], "{level}");
            }
        }
    }
}

#[test]
fn signs_are_the_highest_bits_of_four_values_at_every_level() {
    let mut next = bytes(17);
    let halves: [Halves; 4] = std::array::from_fn(|_| std::array::from_fn(|_| std::array::from_fn(|_| next())));
    // Value `d` of a minutia, as the layout says.
    let value = |slot: usize, d: usize| {
        let byte = halves[slot / 16][d / 8][4 * (slot % 16) + d % 4];
        if d % 8 < 4 { byte & 15 } else { byte >> 4 }
    };
    for level in Level::ALL.into_iter().filter(|level| level.is_available()) {
        let tile = MostSimilar::new(level).signs(&halves);
        let part = MostSimilar::new(level).signs(&halves[..3]);
        assert!(part.iter().zip(&tile).all(|(part, all)| part[..48] == all[..48] && part[48..] == [0; 16]), "{level}");
        for slot in 0..SLOTS {
            for g in 0..NIBBLES {
                let expected = (0..4).map(|k| (value(slot, 4 * g + k) >> 3) << k).sum::<u8>();
                assert_eq!(tile[g % 8][slot] >> (g / 8 * 4) & 15, expected, "{level}, minutia {slot}, nibble {g}");
            }
        }
    }
}
