//! A text as a picture that a phone's camera reads, drawn as one path.

use crate::error::DeskError;
use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write as _;

/// Empty squares around the code (ISO/IEC 18004, 6.3.8).
const QUIET: usize = 4;

/// A code as a square of `size` units, whose dark squares are `path`.
pub(super) struct Picture {
    pub size: usize,
    pub path: String,
}

/// The code for `text`; an error when it is too long for one.
pub(super) fn picture(text: &str) -> Result<Picture, DeskError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)
        .map_err(|error| DeskError::Internal(format!("QR code: {error}")))?;
    let (width, squares) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (y, row) in squares.chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            let dark = row[x..].iter().take_while(|one| **one == Color::Dark);
            let run = dark.count();
            if run > 0 {
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
            }
            x += run.max(1);
        }
    }
    Ok(Picture {
        size: width + 2 * QUIET,
        path,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dark_square_is_drawn_once() {
        let text =
            "otpauth://totp/Clinic:ana%40clinic.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let Picture { size, path } = picture(text).unwrap();
        let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        assert_eq!(size, code.width() + 8);
        let mut drawn = vec![Color::Light; code.width() * code.width()];
        for part in path.split_terminator('z') {
            let (at, run) = part.trim_start_matches('M').split_once('h').unwrap();
            let (x, y) = at.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let run: usize = run.split('v').next().unwrap().parse().unwrap();
            for x in x..x + run {
                let square = &mut drawn[(y - QUIET) * code.width() + x - QUIET];
                assert_eq!(*square, Color::Light);
                *square = Color::Dark;
            }
        }
        assert_eq!(drawn, code.to_colors());
        assert!(picture(&"x".repeat(5000)).is_err());
    }
}
