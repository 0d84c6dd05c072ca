//! How one print lies on the other: a turn and a shift, then a smooth displacement.

/// A turn and a shift, from the first print's frame to the second's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rigid {
    pub cos: f32,
    pub sin: f32,
    pub x: f32,
    pub y: f32,
}

impl Rigid {
    #[inline(always)]
    pub fn apply(&self, x: f32, y: f32) -> (f32, f32) {
        (self.cos * x + self.sin * y + self.x, self.cos * y - self.sin * x + self.y)
    }

    /// The turn in 1/65536, counter-clockwise.
    #[inline(always)]
    pub fn turn(&self) -> i32 {
        (atan2_turn(self.sin, self.cos) * 65536.0) as i32
    }
}

/// Sums for the least-squares turn and shift.
#[derive(Clone, Copy, Default)]
pub(super) struct Moments {
    w: f32,
    ax: f32,
    ay: f32,
    bx: f32,
    by: f32,
    dot: f32,
    cross: f32,
    cos: f32,
    sin: f32,
}

impl Moments {
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    pub fn add(&mut self, w: f32, ax: f32, ay: f32, bx: f32, by: f32, cos: f32, sin: f32) {
        self.w += w;
        self.ax += w * ax;
        self.ay += w * ay;
        self.bx += w * bx;
        self.by += w * by;
        self.dot += w * (ax * bx + ay * by);
        self.cross += w * (ay * bx - ax * by);
        self.cos += w * cos;
        self.sin += w * sin;
    }

    /// The turn and shift; directions count like points 40 pixels away.
    #[inline(always)]
    pub fn solve(&self) -> Rigid {
        let w = self.w.max(1e-9);
        let (ax, ay, bx, by) = (self.ax / w, self.ay / w, self.bx / w, self.by / w);
        let c = self.dot - w * (ax * bx + ay * by) + 1600.0 * self.cos;
        let s = self.cross - w * (ay * bx - ax * by) + 1600.0 * self.sin;
        let norm = (c * c + s * s).sqrt();
        let (cos, sin) = if norm > 1e-9 { (c / norm, s / norm) } else { (1.0, 0.0) };
        Rigid { cos, sin, x: bx - (cos * ax + sin * ay), y: by - (cos * ay - sin * ax) }
    }
}

/// The angle of (`x`, `y`) as a share of a turn, −0.5 to 0.5; a polynomial good to 1e-4 radians.
#[inline(always)]
fn atan2_turn(y: f32, x: f32) -> f32 {
    let (ax, ay) = (x.abs(), y.abs());
    let (small, large) = if ax < ay { (ax, ay) } else { (ay, ax) };
    let r = small / large.max(1e-12);
    let s = r * r;
    let mut t = r * (0.999_866 + s * (-0.330_299_5 + s * (0.180_141 + s * (-0.085_133 + s * 0.020_835_1))));
    if ay > ax {
        t = core::f32::consts::FRAC_PI_2 - t;
    }
    if x < 0.0 {
        t = core::f32::consts::PI - t;
    }
    if y < 0.0 {
        t = -t;
    }
    t * (0.5 / core::f32::consts::PI)
}
