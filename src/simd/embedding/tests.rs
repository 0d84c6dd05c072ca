use super::*;

/// Pseudo-random bytes, the same for every level.
fn bytes(seed: u64) -> impl FnMut() -> u8 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    }
}

/// Runs a statement at every level that the machine has, and names those it lacks.
fn at_every_level(statement: impl Fn(Level)) {
    for level in Level::ALL {
        if level.is_available() {
            statement(level);
        } else {
            eprintln!("skipped: {level} is not available here");
        }
    }
}

#[test]
fn sums_and_survivors_are_those_of_plain_arithmetic() {
    at_every_level(|level| {
        for (coding, dimension) in [Coding::Fine, Coding::Coarse]
            .into_iter()
            .flat_map(|coding| [16, 20, 33, 512, 519, 4096].map(|dimension| (coding, dimension)))
        {
            let kernel = Screen::new(level, coding);
            for width in 1..=kernel.width() {
                let mut next = bytes(dimension as u64 + width as u64);
                let mut tile: Vec<u8> = (0..coding.tile_bytes(dimension)).map(|_| next()).collect();
                for lane in 0..2 * TILE {
                    let value = f32::from(next()) / 100.0;
                    tile[4 * lane..4 * lane + 4].copy_from_slice(&value.to_le_bytes());
                }
                tile[8 * TILE..8 * TILE + 4].copy_from_slice(&0.75f32.to_le_bytes());
                let limit = i32::from(kernel.limit());
                let code = |byte: u8| (i32::from(byte) % (2 * limit + 1) - limit) as i8;
                // The extremes first, since they are what could saturate.
                let mut probe_code = |i: usize| if i.is_multiple_of(3) { limit as i8 } else { code(next()) };
                let codes: Vec<[i8; 4]> =
                    (0..steps(dimension) * width).map(|i| core::array::from_fn(|j| probe_code(4 * i + j))).collect();
                let words: Vec<i32> = codes.iter().map(|w| i32::from_le_bytes(w.map(|c| c as u8))).collect();
                let tests: Vec<Test> = (0..width)
                    .map(|p| Test { start: -1000 * p as i32, gain: 1.5, floor: 1e4 * p as f32, slope: 3.0 })
                    .collect();
                let mut survivors = Survivors::default();
                kernel.run(dimension, &tile, Panel { words: &words, tests: &tests }, &[], &mut survivors);
                let number = |at: usize| f32::from_le_bytes(tile[4 * at..4 * at + 4].try_into().unwrap());
                for (p, test) in tests.iter().enumerate() {
                    for i in 0..TILE {
                        let mut sum = test.start;
                        for step in 0..steps(dimension) {
                            for j in 0..4 {
                                let reference = match coding {
                                    Coding::Fine => tile[TILE_HEAD + step * STEP + 4 * i + j],
                                    Coding::Coarse => {
                                        tile[TILE_HEAD + step / 2 * STEP + 4 * i + j] >> (step % 2 * 4) & 15
                                    }
                                };
                                sum += i32::from(reference) * i32::from(codes[step * width + p][j]);
                            }
                        }
                        let passes =
                            sum as f32 * number(i) + number(TILE + i) * test.gain >= test.floor - test.slope * 0.75;
                        assert_eq!(survivors.masks[p] >> i & 1 == 1, passes, "{level} {dimension} {width} {p} {i}");
                        if passes {
                            assert_eq!(survivors.sums[p][i], sum, "{level} {dimension} {width} {p} {i}");
                        }
                    }
                }
            }
        }
    });
}

#[test]
fn what_is_not_a_number_survives() {
    at_every_level(|level| {
        let kernel = Screen::new(level, Coding::Fine);
        let mut tile = vec![128; Coding::Fine.tile_bytes(16)];
        tile[..TILE_HEAD].fill(0);
        tile[4 * TILE..4 * TILE + 4].copy_from_slice(&f32::NAN.to_le_bytes());
        tile[4 * TILE + 4..4 * TILE + 8].copy_from_slice(&f32::INFINITY.to_le_bytes());
        let tests = [Test { start: 0, gain: 1.0, floor: 1e30, slope: 0.0 }];
        let mut survivors = Survivors::default();
        kernel.run(16, &tile, Panel { words: &[0; 4], tests: &tests }, &[], &mut survivors);
        assert_eq!(survivors.masks[0], 0b11, "{level}");
    });
}

#[test]
fn the_comparison_is_the_same_at_every_level() {
    let mut next = bytes(3);
    for dimension in [16, 31, 32, 33, 512, 700, 4096] {
        let mut row = || (0..dimension).map(|_| (f32::from(next()) - 127.3) / 71.0).collect::<Vec<f32>>();
        let (a, b) = (row(), row());
        let scalar = Compare::new(Level::Scalar).dot(&a, &b);
        let plain: f64 = a.iter().zip(&b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
        assert!((scalar - plain).abs() < 1e-9);
        at_every_level(|level| {
            let compare = Compare::new(level);
            assert_eq!(compare.dot(&a, &b).to_bits(), scalar.to_bits(), "{level}");
            assert_eq!(compare.dot(&b, &a).to_bits(), scalar.to_bits(), "{level}");
        });
    }
}
