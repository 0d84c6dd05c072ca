use super::*;

/// Every operation on numbers from a seed, in one list of bits.
struct Everything {
    seed: u64,
}

impl Task for Everything {
    type Output = Vec<u32>;

    fn run<L: Lanes>(mut self) -> Vec<u32> {
        let mut next = move || {
            self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.seed >> 33) as i32 - (1 << 30)
        };
        let (mut out, mut reals, mut integers) = (Vec::new(), [0f32; LANES], [0i32; LANES]);
        for _ in 0..200 {
            let [a, b]: [[f32; LANES]; 2] = std::array::from_fn(|_| std::array::from_fn(|_| next() as f32 * 1e-4));
            let [i, j]: [[i32; LANES]; 2] = std::array::from_fn(|_| std::array::from_fn(|_| next() >> 20));
            let bytes: [u8; 64] = std::array::from_fn(|_| (next() >> 7) as u8);
            let signed: [u8; 4] = std::array::from_fn(|_| (next() >> 9) as u8);
            let (a, b, i, j) = (L::F::load(&a), L::F::load(&b), L::I::load(&i), L::I::load(&j));
            let all =
                [a + b, a - b, a * b, a / b, a.least(b), a.most(b), a.signed_as(b), i.real(), i.where_differs(j, a)];
            for real in all {
                real.store(&mut reals);
                out.extend(reals.map(f32::to_bits));
                out.push(real.sum().to_bits());
                let mut bytes = [0i8; LANES];
                (real * L::F::splat(0.01)).bytes(&mut bytes);
                out.extend(bytes.map(|b| b as u32));
            }
            let all = [
                i + j,
                i - j,
                i & j,
                i | j,
                i.least(j),
                i.most(j),
                i.shift_left::<8>(),
                i.shift_right::<3>(),
                a.bits(),
                i.add_products(&bytes, signed),
                L::I::splat(7),
            ];
            for integer in all {
                integer.store(&mut integers);
                out.extend(integers.map(|v| v as u32));
            }
            let other: [u8; 64] = std::array::from_fn(|_| (next() >> 7) as u8);
            for part in [&bytes, &other] {
                let sixteen = part[..16].try_into().unwrap();
                for real in [L::F::from_bytes(&sixteen), L::F::from_signed(&sixteen)] {
                    real.store(&mut reals);
                    out.extend(reals.map(f32::to_bits));
                }
            }
            let (one, two) = (L::B::load(&bytes), L::B::load(&other));
            let table = L::B::table(&bytes[..16].try_into().unwrap());
            let all = [
                L::B::splat(bytes[0]),
                one.minus(two),
                one.minus_signed(two),
                one.size(),
                one.half(),
                one.plus(two),
                one.least(two),
                one.look_up(table),
                one.where_below(two, one, L::B::splat(9)),
                one.where_below(one, one, two),
            ];
            for all in all {
                let mut bytes = [0; 64];
                all.store(&mut bytes);
                out.extend(bytes.map(u32::from));
            }
            out.push(u32::from(i.below(j)));
            out.push(i.least_lane() as u32);
        }
        out
    }
}

#[test]
fn every_level_gives_the_same_bits() {
    let expected = Dispatch::new(Level::Scalar).run(Everything { seed: 5 });
    for level in Level::ALL {
        if level.is_available() {
            assert!(Dispatch::new(level).run(Everything { seed: 5 }) == expected, "{level}");
        } else {
            eprintln!("skipped: {level} is not available here");
        }
    }
}
