//! Tables that are handed out as a file.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// Whatever some reader takes for the end of a line.
const ENDS: [char; 7] = [
    '\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}',
];

/// One field of a CSV row (RFC 4180). What a spreadsheet would take for a formula becomes text, and a line end a space: one
/// row is one line, also for whoever reads line by line.
fn field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if formula { "'" } else { "" };
    format!(
        "\"{guard}{}\"",
        text.replace('"', "\"\"").replace(ENDS, " ")
    )
}

/// A download of these rows, the heads first, under a name of letters, dots and hyphens.
pub(super) fn file<const N: usize>(name: &'static str, rows: &[[String; N]]) -> Response {
    let line = |row: &[String; N]| row.each_ref().map(|text| field(text)).join(",") + "\r\n";
    let text: String = rows.iter().map(line).collect();
    let disposition = format!("attachment; filename=\"{name}\"");
    let disposition = HeaderValue::from_str(&disposition);
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8"),
        ),
        (
            header::CONTENT_DISPOSITION,
            disposition.unwrap_or(HeaderValue::from_static("attachment")),
        ),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_stays_one_field_and_is_no_formula() {
        assert_eq!(
            field("Court, \"County\"\nroom 2"),
            "\"Court, \"\"County\"\" room 2\""
        );
        assert_eq!(field("\r=1"), "\"' =1\"");
        for formula in ["=1+1", "+1", "-1", "@A1", "\t=1"] {
            assert_eq!(field(formula), format!("\"'{formula}\""));
        }
    }

    #[test]
    fn attack_22_a_name_with_line_ends_is_one_row_of_a_file() {
        for end in [
            "\r\n", "\n", "\r", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}",
        ] {
            let name = format!("Ana{end}\"2026-11-27\",\"Eve\",\"session.open\",\"ok\"");
            let row = field(&name);
            assert!(!row.contains(ENDS), "{end:?}: {row:?}");
            assert!(
                row.starts_with("\"Ana ") && row.contains("\"\"Eve\"\""),
                "{row}"
            );
        }
    }
}
