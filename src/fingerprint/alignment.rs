//! How one print lies on the other: a turn and a shift.
//!
//! Weighted least squares in closed form (Procrustes in the plane). Directions take part: the agreement of two directions pulls at the turn as
//! much as a pair 40 pixels from the centre would, which is about the ratio of the errors in place and in direction. So a few pairs close
//! together, or a single one, still give a sensible turn.

/// A turn and a shift, from the first print's frame to the second's.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rigid {
    pub cos: f32,
    pub sin: f32,
    pub x: f32,
    pub y: f32,
}

impl Rigid {
    /// Where a point comes to lie.
    pub fn apply(&self, x: f32, y: f32) -> (f32, f32) {
        (self.cos * x + self.sin * y + self.x, self.cos * y - self.sin * x + self.y)
    }

    /// Whether two are the same but for what refinement makes up: 15° and 20 pixels.
    #[inline(always)]
    pub fn is_near(&self, other: &Rigid) -> bool {
        let (dx, dy) = (self.x - other.x, self.y - other.y);
        self.cos * other.cos + self.sin * other.sin > 0.985 && dx * dx + dy * dy < 150.0
    }

    /// The way back.
    pub fn inverse(&self) -> Rigid {
        let (x, y) = (self.cos * self.x - self.sin * self.y, self.cos * self.y + self.sin * self.x);
        Rigid { cos: self.cos, sin: -self.sin, x: -x, y: -y }
    }
}

/// Sums for the least-squares turn and shift.
#[derive(Clone, Copy, Default)]
pub(super) struct Moments {
    pub w: f32,
    pub ax: f32,
    pub ay: f32,
    pub bx: f32,
    pub by: f32,
    pub dot: f32,
    pub cross: f32,
    pub cos: f32,
    pub sin: f32,
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
