//! From one format to another.
//!
//! Coordinates keep their resolution, except onto cards, which have one of their own. Angles go straight from the unit that is
//! stored to the unit of the target, rounded once; ISO's 1.40625° and INCITS's 2° do not convert without loss either way.
//! "Not known" qualities become what the target writes for that.
//!
//! What each target cannot hold is listed at the module above; what was there and was lost is among the warnings of the
//! result. The compact card follows the card formats of ISO/IEC 19794-2:2005, with the coordinates' rounding of NIST biomdi.

use super::super::{FingerPosition, MinutiaeTemplate, TemplateError};
use super::cores;
use super::format::minutia_quality;
use super::inner::{requantise, rescale, share_size};
use super::warning::inspect;
use super::{Capture, Extension, ExtensionLength, Format, RawMinutia, Record, RecordHeader, RecordWarning};
use super::{View, ViewImage, ViewQuality};
use std::cmp::Reverse;

/// What is lost, while it is being lost.
#[derive(Default)]
struct Losses(Vec<RecordWarning>);

impl Losses {
    fn add(&mut self, view: usize, what: &'static str, count: usize) {
        if count > 0 {
            self.0.push(RecordWarning::Lost { view, what, count });
        }
    }
}

impl Record {
    /// The record in another format. To its own format it is the same record, with its length right.
    ///
    /// What cannot be kept is listed at [`record`](super) and, where there was something to lose, among
    /// [`warnings`](Record::warnings) of the result. To a card all minutiae that it reaches are kept (see [`to_card`](Record::to_card)).
    ///
    /// ```
    /// use vantay::template::{Format, Minutia, MinutiaKind, MinutiaeTemplate, Record};
    ///
    /// let minutia = Minutia::new(100, 50, 80, MinutiaKind::Ending, None); // 112.5°
    /// let template = MinutiaeTemplate::new(Default::default(), Default::default(), None, (300, 400), vec![minutia])?;
    /// let iso = Record::from_templates(Format::Iso19794V2005, &[template])?;
    /// let incits = iso.convert(Format::Incits378V2009)?;
    /// assert_eq!(incits.views()[0].minutiae[0].angle, 56); // 112°
    /// # Ok::<(), vantay::template::TemplateError>(())
    /// ```
    ///
    /// # Errors
    /// [`TemplateError::Unrepresentable`] if the target holds one view and the record has several (see [`Record::view`]), one
    /// resolution and the views have several, or at most 255 views.
    pub fn convert(&self, format: Format) -> Result<Record, TemplateError> {
        if format.is_card() && format != self.format {
            return self.to_card(format, MinutiaeTemplate::MAX_MINUTIAE);
        }
        let mut losses = Losses::default();
        let mut record = if format == self.format {
            let header = RecordHeader { length_shortfall: 0, ..self.header.clone() };
            Record::new(format, header, self.views.clone())
        } else {
            let header = self.header_in(format, &mut losses);
            let views =
                self.views.iter().enumerate().map(|(number, view)| self.view_in(format, number, view, &mut losses));
            let mut record = Record::new(format, header, views.collect());
            if format.is_first_edition() {
                fit_first_edition(&mut record, &mut losses)?;
            }
            record
        };
        // The result can be written, whatever was read.
        record.to_bytes()?;
        inspect(&mut record);
        record.warnings.append(&mut losses.0);
        Ok(record)
    }

    /// The record's one view on a card with room for `limit` minutiae.
    ///
    /// Coordinates scale to the card's units (0.01 mm or, compact, 0.1 mm) and minutiae beyond its reach drop, which is 25.5 mm
    /// for the compact format. Those left are sorted by quality, best first, then by distance from their centre of mass,
    /// nearest first, and the first `limit` stay. On a card of normal size they keep the record's order if all fit.
    ///
    /// # Errors
    /// [`TemplateError::Unrepresentable`] if `format` is no card format or the record has not exactly one view.
    pub fn to_card(&self, format: Format, limit: usize) -> Result<Record, TemplateError> {
        let refuse = |field, reason| Err(TemplateError::Unrepresentable { format, field, reason });
        let Some(resolution) = format.card_resolution() else { return refuse("card", "the format is no card format") };
        let [view] = &self.views[..] else { return refuse("number of views", "a card holds exactly one view") };
        let ViewImage { width, height, x_resolution, y_resolution } = view.image;
        let mut losses = Losses::default();
        losses.add(0, "extension blocks", view.extensions.len());
        let has_quality = |minutia: &&RawMinutia| minutia_quality(minutia.quality).is_some();
        losses.add(0, "minutia qualities", view.minutiae.iter().filter(has_quality).count());

        let reach = u32::from(format.max_coordinate());
        let mut minutiae: Vec<RawMinutia> = Vec::with_capacity(view.minutiae.len());
        for minutia in &view.minutiae {
            let x = rescale(minutia.x.into(), x_resolution, resolution);
            let y = rescale(minutia.y.into(), y_resolution, resolution);
            if x <= reach && y <= reach {
                let angle = requantise(minutia.angle, self.format.angle_units(), format.angle_units());
                let quality = minutia_quality(minutia.quality).unwrap_or(0);
                minutiae.push(RawMinutia { kind: minutia.kind, x: x as u16, y: y as u16, angle, quality, reserved: 0 });
            }
        }
        losses.add(0, "minutiae beyond the card's reach", view.minutiae.len() - minutiae.len());
        let limit = limit.min(MinutiaeTemplate::MAX_MINUTIAE);
        losses.add(0, "minutiae over the card's limit", minutiae.len().saturating_sub(limit));
        if format == Format::IsoCardCompact || minutiae.len() > limit {
            sort_best_first(&mut minutiae);
            minutiae.truncate(limit);
        }
        minutiae.iter_mut().for_each(|minutia| minutia.quality = 0);

        let size = |size: u16, from| rescale(size.into(), from, resolution).min(u16::MAX.into()) as u16;
        let image = ViewImage {
            width: size(width, x_resolution),
            height: size(height, y_resolution),
            x_resolution: resolution,
            y_resolution: resolution,
        };
        let (position, impression) = (view.position, view.impression);
        let card = View { position, impression, image, minutiae, ..View::default() };
        let mut record = Record::new(format, RecordHeader::default(), vec![card]);
        record.warnings = losses.0;
        Ok(record)
    }

    /// The sensor's number: of the first view where each has its own.
    fn device(&self) -> u16 {
        match self.format {
            Format::Iso19794V2011 => self.views.first().map_or(0, |view| view.capture.device),
            _ => self.header.device,
        }
    }

    fn header_in(&self, format: Format, losses: &mut Losses) -> RecordHeader {
        let mut header = RecordHeader::default();
        if format.is_incits() {
            (header.owner, header.product) = (self.header.owner, self.header.product);
        } else {
            let product = (self.header.owner, self.header.product) != (0, 0);
            losses.add(0, "product identifiers", product.into());
        }
        // Both kinds of bits have "certified" on top; the lower four are in INCITS 2009 alone.
        let bits =
            if self.format.is_first_edition() { self.header.certification << 4 } else { self.header.certification };
        header.certification = match format {
            Format::Iso19794V2011 => 0,
            _ if format.is_first_edition() => bits >> 4,
            _ => bits,
        };
        let kept = if format.is_first_edition() { header.certification << 4 } else { header.certification };
        losses.add(0, "sensor certifications", (kept != bits).into());
        if format.is_first_edition() && self.device() >= 1 << 12 {
            losses.add(0, "sensor numbers", 1);
        } else if format != Format::Iso19794V2011 {
            header.device = self.device();
        }
        header
    }

    fn view_in(&self, format: Format, number: usize, view: &View, losses: &mut Losses) -> View {
        let mut converted = view.clone();
        let capture = Capture { device: view.capture.device, ..Capture::default() };
        if self.format == Format::Iso19794V2011 {
            losses.add(number, "capture details", (view.capture != capture).into());
        }
        converted.capture = Capture::default();
        if format == Format::Iso19794V2011 {
            converted.capture.device = self.device();
        }
        converted.minutia_qualities = format != Format::Iso19794V2011 || view.minutia_qualities;

        let mut qualities = view.qualities.iter().map(|&ViewQuality { quality, vendor, algorithm }| ViewQuality {
            quality: format.stored_view_quality(self.format.view_quality(quality)),
            vendor,
            algorithm,
        });
        converted.qualities = if format == Format::Iso19794V2011 {
            qualities.collect()
        } else {
            let first = qualities.next();
            losses.add(number, "further qualities", qualities.count());
            first.into_iter().collect()
        };
        let (from, to) = (self.format.angle_units(), format.angle_units());
        for minutia in &mut converted.minutiae {
            minutia.angle = requantise(minutia.angle, from, to);
            let quality = minutia_quality(minutia.quality);
            minutia.quality = if converted.minutia_qualities { format.stored_minutia_quality(quality) } else { 0 };
            minutia.reserved = 0;
        }
        if self.format.is_incits() != format.is_incits() {
            converted.extensions = cross_extensions(format, number, &view.extensions, losses);
        }
        converted.extension_length = ExtensionLength::WithHeader;
        converted
    }
}

/// Extension blocks on their way between ISO and INCITS.
fn cross_extensions(format: Format, view: usize, blocks: &[Extension], losses: &mut Losses) -> Vec<Extension> {
    let mut kept = Vec::with_capacity(blocks.len());
    for block in blocks {
        let data = match block.kind {
            Extension::RIDGE_COUNTS | Extension::VENDOR.. => Some(block.data.clone()),
            Extension::CORES if format.is_incits() => cores::to_incits(&block.data).map(|(data, lost)| {
                losses.add(view, "core and delta angles", lost);
                data
            }),
            Extension::CORES => cores::to_iso(&block.data),
            _ => None,
        };
        kept.extend(data.map(|data| Extension { kind: block.kind, data }));
    }
    losses.add(view, "extension blocks", blocks.len() - kept.len());
    kept
}

/// Fits the views of `record` to the 2004 and 2005 editions: one image, few bits for numbers and impressions.
fn fit_first_edition(record: &mut Record, losses: &mut Losses) -> Result<(), TemplateError> {
    let resolution = |view: &View| (view.image.x_resolution, view.image.y_resolution);
    if record.views.windows(2).any(|pair| resolution(&pair[0]) != resolution(&pair[1])) {
        let reason = "the format holds one resolution, the views have several";
        return Err(TemplateError::Unrepresentable { format: record.format, field: "resolution", reason });
    }
    let sizes: Vec<_> = record.views.iter().map(|view| view.image).collect();
    share_size(&mut record.views);
    for (number, (view, image)) in record.views.iter_mut().zip(sizes).enumerate() {
        losses.add(number, "image sizes", (view.image != image).into());
        let impression = record.format.held_impression(view.impression);
        losses.add(number, "impression types", (view.impression != impression).into());
        view.impression = impression;
        for quality in &mut view.qualities {
            losses.add(number, "quality algorithms", ((quality.vendor, quality.algorithm) != (0, 0)).into());
            (quality.vendor, quality.algorithm) = (0, 0);
        }
    }
    if record.views.iter().any(|view| view.number > 15) {
        let mut seen = [0u8; FingerPosition::COUNT];
        for (number, view) in record.views.iter_mut().enumerate() {
            let seen = &mut seen[usize::from(view.position.number())];
            losses.add(number, "view numbers", (view.number != *seen).into());
            view.number = *seen;
            *seen = seen.saturating_add(1);
        }
    }
    Ok(())
}

/// Sorts by quality, best first, then by distance from the centre of mass, nearest first; ties keep their order.
fn sort_best_first(minutiae: &mut [RawMinutia]) {
    let n = minutiae.len() as i64;
    let (sum_x, sum_y) =
        minutiae.iter().fold((0, 0), |(x, y), minutia| (x + i64::from(minutia.x), y + i64::from(minutia.y)));
    // n times the distance, squared: 255 · 2¹⁴ squared is far from the end of 64 bits.
    let distance =
        |minutia: &RawMinutia| (n * i64::from(minutia.x) - sum_x).pow(2) + (n * i64::from(minutia.y) - sum_y).pow(2);
    minutiae.sort_by_key(|minutia| (Reverse(minutia.quality), distance(minutia)));
}

#[cfg(test)]
mod tests {
    use super::super::inner::INNER_RESOLUTION;
    use super::*;

    #[test]
    fn angles_round_to_the_nearest_unit_and_wrap_at_a_full_turn() {
        for from in [64u16, 180, 256] {
            for to in [64u16, 180, 256] {
                for angle in 0..from {
                    let converted = requantise(angle as u8, from, to);
                    assert!(u16::from(converted) < to);
                    let turns = f64::from(converted) / f64::from(to) - f64::from(angle) / f64::from(from);
                    let off = (turns - turns.round()).abs();
                    assert!(off <= 0.5 / f64::from(to) + 1e-12, "{angle}/{from} became {converted}/{to}");
                }
            }
        }
        // A rounded 64 is 0, not 63.
        assert_eq!((requantise(255, 256, 64), requantise(253, 256, 64)), (0, 63));
    }

    #[test]
    fn minutiae_that_are_as_good_go_by_their_distance_from_the_centre_of_mass() {
        let at = |x, quality| RawMinutia { x, y: 10, quality, ..RawMinutia::default() };
        let mut minutiae = [at(0, 50), at(90, 50), at(30, 50), at(40, 50), at(200, 80)];
        sort_best_first(&mut minutiae);
        // The centre is at 72.
        assert_eq!(minutiae.map(|minutia| minutia.x), [200, 90, 40, 30, 0]);
    }

    #[test]
    fn five_hundred_dpi_stays_as_it_is() {
        for coordinate in 0..1 << 14 {
            assert_eq!(rescale(coordinate, INNER_RESOLUTION, INNER_RESOLUTION), coordinate);
            assert_eq!(rescale(coordinate, 0, INNER_RESOLUTION), coordinate);
            assert_eq!(rescale(2 * coordinate, 2 * INNER_RESOLUTION, INNER_RESOLUTION), coordinate);
        }
    }
}
