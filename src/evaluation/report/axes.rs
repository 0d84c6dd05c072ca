//! A plot's axes with their names, a light grid and nothing else: the same on every page.

use super::style::{self, SCALE};
use plotters::{
    coord::ranged1d::{AsRangedCoord, ValueFormatter},
    prelude::*,
};

pub type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
pub type Chart<'a, 'b, X, Y> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<X, Y>>;

/// Space around a plot, in pixels as shown.
#[derive(Clone, Copy)]
pub struct Room {
    pub margin: u32,
    /// For the lettering of the axes: below, and to the left.
    pub lettering: (u32, u32),
}

/// One axis.
pub struct Axis<'n, R> {
    range: R,
    name: &'n str,
    value: fn(f64) -> String,
    values: usize,
}

impl<'n, R> Axis<'n, R> {
    /// An axis called `name`, whose values are written as `value` does.
    pub fn new(range: R, name: &'n str, value: fn(f64) -> String) -> Self {
        Axis { range, name, value, values: 11 }
    }

    /// With at most so many values written.
    pub fn values(self, values: usize) -> Self {
        Axis { values, ..self }
    }
}

/// A chart on `area` with both axes drawn.
pub fn chart<'a, 'b, X, Y>(
    area: &'a Area<'b>,
    room: Room,
    x: Axis<'_, X>,
    y: Axis<'_, Y>,
) -> Result<Chart<'a, 'b, X::CoordDescType, Y::CoordDescType>, Box<dyn std::error::Error>>
where
    X: AsRangedCoord<Value = f64>,
    Y: AsRangedCoord<Value = f64>,
    X::CoordDescType: ValueFormatter<f64>,
    Y::CoordDescType: ValueFormatter<f64>,
{
    let mut chart = ChartBuilder::on(area)
        .margin(room.margin * SCALE)
        .x_label_area_size(room.lettering.0 * SCALE)
        .y_label_area_size(room.lettering.1 * SCALE)
        .build_cartesian_2d(x.range, y.range)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(style::line(style::GRID, 2))
        .axis_style(style::line(style::FRAME, 2))
        .label_style(style::text(12, style::MUTED))
        .axis_desc_style(style::text(13, style::INK))
        .x_desc(x.name)
        .y_desc(y.name)
        .x_labels(x.values)
        .y_labels(y.values)
        .x_label_formatter(&|value| (x.value)(*value))
        .y_label_formatter(&|value| (y.value)(*value))
        .draw()?;
    Ok(chart)
}
