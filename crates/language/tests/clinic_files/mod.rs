//! The clinic's own files, as the program would hand them over.

use bedside_language::ClinicFiles;

pub fn files() -> ClinicFiles {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../clinic");
    let mut files = ClinicFiles::new();
    for folder in ["language", "language/coach"] {
        for entry in std::fs::read_dir(format!("{root}/{folder}")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "toml") {
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                files.insert(
                    format!("{folder}/{name}"),
                    std::fs::read_to_string(&path).unwrap(),
                );
            }
        }
    }
    files
}

/// Texts that nobody writes on purpose.
pub fn odd_texts() -> Vec<String> {
    let mut odd: Vec<String> = [
        "",
        " \n\t\r\n ",
        "😀😀😀",
        "…",
        "[",
        "[]",
        "___",
        "> quoted\n> only",
        "\u{200b}\u{feff}",
        "a\u{301}\u{301}\u{301}",
        "שלום hello مرحبا 你好 hola",
        "<script>alert(1)</script>",
        "!!!???...",
        "'’'’'",
        "¿¡",
        "|",
        "*~*",
    ]
    .map(str::to_owned)
    .to_vec();
    odd.push("a".repeat(1 << 20));
    odd.push("calm down ".repeat(120_000));
    odd.push("take ".repeat(200_000));
    odd.push("_".repeat(1 << 20));
    odd.push("[a".repeat(1 << 19));
    odd.push("\n".repeat(1 << 20));
    odd.push(". ".repeat(1 << 19));
    odd.push("…".repeat(1 << 18));
    odd.push("語".repeat(1 << 18));
    odd.push("no ".repeat(1 << 18));
    odd
}
