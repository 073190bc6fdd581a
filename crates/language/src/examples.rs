//! Labelled examples: what the model is made from and measured with.
//!
//! A line each: `channel | category | urgency | danger | text`. Lines that begin with `#` are comments;
//! `# part: train` (or `dev`, `test`) says what the file is for. `crates/language/examples-data/README.md` says
//! what the labels mean.

use serde::{Deserialize, Serialize};

use crate::clinic::{ClinicFiles, LoadError};
use crate::language::Language;
use crate::verdict::{Category, Channel, SafetyKind, Urgency};

/// What an example says about danger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Danger {
    /// Nothing.
    None,
    /// An emergency now.
    Emergency(SafetyKind),
    /// A person must look today.
    Concern(SafetyKind),
    /// Uses the words of the danger where there is none.
    NotMeant(SafetyKind),
}

/// What an example may be used for. The parts are written by different authors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// To find the weights.
    Train,
    /// To set thresholds and to look at errors.
    Dev,
    /// To measure, never to look at.
    Test,
}

/// A labelled example. `Debug` shows its text: examples are invented, corrections by staff are not and
/// belong in no log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The language it is written in.
    pub language: Language,
    /// What it may be used for.
    pub part: Part,
    /// The way it came in.
    pub channel: Channel,
    /// What it is about, the main thing first; never empty.
    pub categories: Vec<Category>,
    /// How soon a person must look.
    pub urgency: Urgency,
    /// Whether anyone is in danger.
    pub danger: Danger,
    /// Subject line; may be empty.
    pub subject: String,
    /// The text.
    pub body: String,
    /// Line in its file, from 1.
    pub line: usize,
}

/// Longest line of a file of examples, in bytes.
const MAX_LINE: usize = 16 * 1024;

impl Example {
    /// The example as a line of a file.
    pub fn to_line(&self) -> String {
        let categories: Vec<&str> = self.categories.iter().map(|c| c.code()).collect();
        let danger = match self.danger {
            Danger::None => "-".to_owned(),
            Danger::Emergency(kind) => kind.code().to_owned(),
            Danger::Concern(kind) => format!("~{kind}"),
            Danger::NotMeant(kind) => format!("!{kind}"),
        };
        let plain = |text: &str| {
            text.trim()
                .replace("\r\n", "\n")
                .replace('\n', "\\n")
                .replace(" | ", " ¦ ")
        };
        let text = if self.subject.is_empty() {
            plain(&self.body)
        } else {
            format!("{} :: {}", plain(&self.subject), plain(&self.body))
        };
        format!(
            "{} | {} | {} | {danger} | {text}",
            self.channel,
            categories.join("+"),
            self.urgency
        )
    }
}

/// Every example of a clinic's files, in the order of the files' names.
pub fn of_clinic(files: &ClinicFiles) -> Result<Vec<Example>, LoadError> {
    let mut examples = Vec::new();
    for (name, text) in files {
        let Some(rest) = name.strip_prefix("language/examples/") else {
            continue;
        };
        let is_text = std::path::Path::new(rest)
            .extension()
            .is_some_and(|kind| kind == "txt");
        let Some((folder, _)) = rest.split_once('/').filter(|_| is_text) else {
            continue;
        };
        let language = Language::ALL.iter().find(|l| l.tag() == folder);
        let Some(&language) = language else {
            return Err(LoadError::whole(
                name.as_str(),
                format!("\"{folder}\" is no language of the engine"),
            ));
        };
        examples.extend(parse(name, language, text)?);
    }
    Ok(examples)
}

/// Reads one file.
pub fn parse(file: &str, language: Language, text: &str) -> Result<Vec<Example>, LoadError> {
    let mut part = None;
    let mut examples = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let error = |reason: String| LoadError {
            file: file.to_owned(),
            line: number + 1,
            reason,
        };
        let line = line.trim();
        if let Some(comment) = line.strip_prefix('#') {
            if let Some(name) = comment.trim().strip_prefix("part:") {
                part = Some(match name.trim() {
                    "train" => Part::Train,
                    "dev" => Part::Dev,
                    "test" => Part::Test,
                    other => return Err(error(format!("unknown part \"{other}\""))),
                });
            }
            continue;
        }
        if line.is_empty() {
            continue;
        }
        let Some(part) = part else {
            return Err(error(
                "a line \"# part: train\" (or dev, test) must come first".to_owned(),
            ));
        };
        examples.push(parse_line(language, part, number + 1, line).map_err(error)?);
    }
    Ok(examples)
}

fn parse_line(
    language: Language,
    part: Part,
    number: usize,
    line: &str,
) -> Result<Example, String> {
    if line.len() > MAX_LINE {
        return Err(format!("a line has at most {MAX_LINE} bytes"));
    }
    let mut fields = line.splitn(5, " | ").map(str::trim);
    let (Some(channel), Some(categories), Some(urgency), Some(danger), Some(text)) = (
        fields.next(),
        fields.next(),
        fields.next(),
        fields.next(),
        fields.next(),
    ) else {
        return Err("a line needs: channel | category | urgency | danger | text".to_owned());
    };
    let unknown = |what: &str, code: &str| format!("unknown {what} \"{code}\"");
    let categories = categories
        .split('+')
        .map(|c| Category::from_code(c.trim()).ok_or_else(|| unknown("category", c)))
        .collect::<Result<Vec<_>, _>>()?;
    let kind =
        |code: &str| SafetyKind::from_code(code).ok_or_else(|| unknown("kind of danger", code));
    let danger = match danger {
        "-" => Danger::None,
        _ if danger.starts_with('~') => Danger::Concern(kind(&danger[1..])?),
        _ if danger.starts_with('!') => Danger::NotMeant(kind(&danger[1..])?),
        _ => Danger::Emergency(kind(danger)?),
    };
    let (subject, body) = text.split_once(" :: ").unwrap_or(("", text));
    if body.trim().is_empty() && subject.is_empty() {
        return Err("there is no text".to_owned());
    }
    Ok(Example {
        language,
        part,
        channel: Channel::from_code(channel).ok_or_else(|| unknown("channel", channel))?,
        categories,
        urgency: Urgency::from_code(urgency).ok_or_else(|| unknown("urgency", urgency))?,
        danger,
        subject: subject.trim().replace("\\n", "\n"),
        body: body.trim().replace("\\n", "\n"),
        line: number,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_and_written_back() {
        let text = "# part: dev\n# batch: Q\n\nemail | billing+insurance | standard | !cardiac | Two bills :: Dear all,\\nthe heart scan.\nsms | crisis | emergency | self_harm | goodbye\n";
        let examples = parse("x.txt", Language::En, text).unwrap();
        assert_eq!(examples.len(), 2);
        let first = &examples[0];
        assert_eq!(first.part, Part::Dev);
        assert_eq!(first.categories, [Category::Billing, Category::Insurance]);
        assert_eq!(first.danger, Danger::NotMeant(SafetyKind::Cardiac));
        assert_eq!(
            (first.subject.as_str(), first.body.as_str()),
            ("Two bills", "Dear all,\nthe heart scan.")
        );
        assert_eq!(first.line, 4);
        assert_eq!(examples[1].danger, Danger::Emergency(SafetyKind::SelfHarm));
        for (example, line) in examples.iter().zip(text.lines().skip(3)) {
            assert_eq!(example.to_line(), line);
        }
    }

    #[test]
    fn a_wrong_line_is_named() {
        let wrong = |text: &str| parse("x.txt", Language::En, text).unwrap_err();
        assert_eq!(wrong("sms | crisis | emergency | self_harm | bye").line, 1);
        let error = wrong("# part: train\n\nsms | crises | emergency | - | bye");
        assert_eq!(
            (error.line, error.reason.as_str()),
            (3, "unknown category \"crises\"")
        );
        assert!(
            wrong("# part: train\nsms | crisis | bye")
                .reason
                .contains("a line needs")
        );
        assert!(wrong("# part: nope").reason.contains("nope"));
    }
}
