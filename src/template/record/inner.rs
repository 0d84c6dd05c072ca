//! Between records and the inner form.
//!
//! The inner form has coordinates in pixels at 500 dpi and angles of 1/256 turn, so nothing is lost that a comparison could
//! use: a scanner's 197 px/cm is 500 dpi (500.4), taken as exactly that; any other resolution r scales by 197 / r, rounded to
//! the nearest pixel, x and y each by its own. 2° units round to the nearest step, once. Angles are as the extractor gave them
//! in its image: they are not bent where x and y differ in resolution.

use super::super::{FingerPosition, Minutia, MinutiaeTemplate, TemplateError};
use super::format::minutia_quality;
use super::{Format, RawMinutia, Record, RecordHeader, View, ViewImage, ViewQuality};

/// Units per cm of the inner form: 500 dpi, as records write it.
pub(super) const INNER_RESOLUTION: u16 = 197;

/// `coordinate` in units of `from` per cm, in units of `to` per cm, to the nearest. A resolution of 0 is 500 dpi.
pub(super) fn rescale(coordinate: u32, from: u16, to: u16) -> u32 {
    let per_cm = |resolution| u64::from(if resolution == 0 { INNER_RESOLUTION } else { resolution });
    let (from, to) = (per_cm(from), per_cm(to));
    ((2 * u64::from(coordinate) * to + from) / (2 * from)).min(u64::from(u32::MAX)) as u32
}

/// `angle` in 1/`from` turn, in 1/`to` turn, to the nearest, modulo a full turn: a rounded full turn is 0.
pub(super) fn requantise(angle: u8, from: u16, to: u16) -> u8 {
    let (angle, from, to) = (u32::from(angle), u32::from(from), u32::from(to));
    ((2 * angle * to + from) / (2 * from) % to) as u8
}

impl Record {
    /// The views in the inner form, in the order of the record: what comparisons work on.
    ///
    /// Coordinates scale to 500 dpi by the view's resolution (0 is taken as 500 dpi, see
    /// [`RecordWarning::NoResolution`](super::RecordWarning::NoResolution)), angles round once to 1/256 turn. A quality of 0,
    /// 254 or 255 of a minutia is not known, and so is one of a view, except that 0 is a quality in the 2009 and 2011 editions.
    ///
    /// # Errors
    /// [`TemplateError::Unrepresentable`] if a coordinate leaves the inner form's range (1.6 m, so only with a wrong
    /// resolution).
    pub fn templates(&self) -> Result<Vec<MinutiaeTemplate>, TemplateError> {
        self.views.iter().map(|view| self.template(view)).collect()
    }

    fn template(&self, view: &View) -> Result<MinutiaeTemplate, TemplateError> {
        let format = self.format;
        let ViewImage { width, height, x_resolution, y_resolution } = view.image;
        let inner = |coordinate: u16, resolution| {
            let reason = "beyond the inner form's range at this resolution";
            i16::try_from(rescale(coordinate.into(), resolution, INNER_RESOLUTION))
                .map_err(|_| TemplateError::Unrepresentable { format, field: "minutia coordinate", reason })
        };
        let size =
            |size: u16, resolution| rescale(size.into(), resolution, INNER_RESOLUTION).min(u16::MAX.into()) as u16;
        let minutiae = view.minutiae.iter().map(|minutia| {
            let (x, y) = (inner(minutia.x, x_resolution)?, inner(minutia.y, y_resolution)?);
            let angle = requantise(minutia.angle, format.angle_units(), 256);
            Ok(Minutia::new(x, y, angle, minutia.kind, minutia_quality(minutia.quality)))
        });
        let quality = view.qualities.iter().find_map(|quality| format.view_quality(quality.quality));
        let size = (size(width, x_resolution), size(height, y_resolution));
        MinutiaeTemplate::new(view.position, view.impression, quality, size, minutiae.collect::<Result<_, _>>()?)
    }

    /// A record of `templates` at 197 px/cm (500 dpi); a card at its own resolution. Views of one finger are numbered in order.
    ///
    /// Angles round once to the format's unit. Fields that templates do not have (sensor, vendor, time) are "not reported". The
    /// formats of 2004 and 2005 hold one image size, the largest width and height of all, and no impression types above 9:
    /// those become live plain or live rolled.
    ///
    /// # Errors
    /// [`TemplateError::Unrepresentable`] if a coordinate is negative or too large for the format, or if there are too many
    /// templates for it (a card holds one).
    pub fn from_templates(format: Format, templates: &[MinutiaeTemplate]) -> Result<Record, TemplateError> {
        if templates.is_empty() || format.is_card() && templates.len() != 1 {
            let reason = if format.is_card() { "a card holds exactly one view" } else { "no templates" };
            return Err(TemplateError::Unrepresentable { format, field: "number of views", reason });
        }
        let mut seen = [0u8; FingerPosition::COUNT];
        let mut views = Vec::with_capacity(templates.len());
        for template in templates {
            let seen = &mut seen[usize::from(template.position().number())];
            views.push(view(format, *seen, template)?);
            *seen = seen.saturating_add(1);
        }
        if format.shares_image() {
            share_size(&mut views);
        }
        let record = Record::new(format, RecordHeader::default(), views);
        if templates.len() > 15 {
            // More than the first editions can number of one finger, or than most can count.
            record.to_bytes()?;
        }
        Ok(record)
    }
}

/// Gives every view the largest width and height of all.
pub(super) fn share_size(views: &mut [View]) {
    let width = views.iter().map(|view| view.image.width).max().unwrap_or(0);
    let height = views.iter().map(|view| view.image.height).max().unwrap_or(0);
    for view in views {
        (view.image.width, view.image.height) = (width, height);
    }
}

fn view(format: Format, number: u8, template: &MinutiaeTemplate) -> Result<View, TemplateError> {
    let resolution = format.card_resolution().unwrap_or(INNER_RESOLUTION);
    let stored = |coordinate: i16| {
        u32::try_from(coordinate)
            .map(|coordinate| rescale(coordinate, INNER_RESOLUTION, resolution))
            .ok()
            .filter(|&coordinate| coordinate <= format.max_coordinate().into())
            .map(|coordinate| coordinate as u16)
            .ok_or(TemplateError::Unrepresentable { format, field: "minutia coordinate", reason: "out of range" })
    };
    // ISO 2011 leaves out qualities that nobody knows, cards leave out all.
    let optional = format == Format::Iso19794V2011 && !template.minutiae().is_empty();
    let known = template.minutiae().iter().any(|minutia| minutia.quality().is_some());
    let reports = !format.is_card() && (known || !optional);
    let minutiae = template.minutiae().iter().map(|minutia| {
        let (x, y) = (stored(minutia.x)?, stored(minutia.y)?);
        let angle = requantise(minutia.angle, 256, format.angle_units());
        let quality = if reports { format.stored_minutia_quality(minutia.quality()) } else { 0 };
        Ok(RawMinutia { kind: minutia.kind(), x, y, angle, quality, reserved: 0 })
    });
    let (width, height) = template.size();
    let size = |size: u16| rescale(size.into(), INNER_RESOLUTION, resolution).min(u16::MAX.into()) as u16;
    let quality = ViewQuality { quality: format.stored_view_quality(template.quality()), ..ViewQuality::default() };
    Ok(View {
        position: template.position(),
        number,
        impression: format.held_impression(template.impression()),
        qualities: if format.is_card() { Vec::new() } else { vec![quality] },
        image: ViewImage {
            width: size(width),
            height: size(height),
            x_resolution: resolution,
            y_resolution: resolution,
        },
        minutia_qualities: reports,
        minutiae: minutiae.collect::<Result<_, _>>()?,
        ..View::default()
    })
}
