//! Forms with files, read part by part, and the files put under lock.
//!
//! Whatever is wrong with a form's files, its words are read: what can't be kept is left out and told. Where somebody may be
//! in danger, the names of files that are not kept stand with the words, and what they say.

use super::ear::Ear;
use super::shell::Kept;
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId};
use crate::records::uploads::{file_words, media_type};
use crate::records::{Sealing, blobs};
use crate::timeline::NewAttachment;
use crate::timeline::files::{self as quota, Way};
use crate::triage::{self, Beside};
use axum::extract::Request;
use bedside_codecs::mail::clean_file_name;
use bedside_codecs::mail::file_words::{ALL, FileWords};
use bedside_web::Problem;
use bedside_web::i18n::Texts;
use bedside_web::multipart::{self, Collected, LeftOut, Limits};
use bytes::Bytes;
use std::borrow::Cow;

/// Files that one message may bring. The form says so, as it does of the sizes in [`Limits::DEFAULT`].
pub const MAX_FILES: usize = 5;
/// Most of one typed text that is kept, in bytes. More than any field takes, so that the words of somebody who wrote too
/// much come back with the page that says so.
const MAX_TEXT: usize = 2 << 20;
/// Most parts of a form. Somebody may choose a whole folder of pictures.
const MAX_PARTS: usize = 1000;
/// Bytes of the names of files that are not kept, where they stand with the words.
const LEFT_NAMES: usize = 16 * 1024;

/// What a form sent.
#[derive(Debug, Default)]
pub struct Sent {
    texts: Vec<(String, String)>,
    /// Files with content, as the sender names them.
    pub files: Vec<(String, Bytes)>,
    /// Why files were left out, if any were.
    pub refused: Option<LeftOut>,
    /// The names of those, as far as they are kept.
    pub left: Vec<String>,
    /// What is known of its words.
    pub ear: Ear,
}

impl Sent {
    /// The first text with this name, without the spaces around it; empty when there is none.
    pub fn text(&self, name: &str) -> &str {
        self.texts
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, text)| text)
    }

    /// The text with this name, and whether files came with it, to give back.
    pub fn kept(&self, name: &str) -> Kept<'_> {
        Kept {
            words: self.text(name),
            files: self.had_files(),
        }
    }

    /// Whether any file was sent, kept or not.
    pub fn had_files(&self) -> bool {
        !self.files.is_empty() || self.refused.is_some()
    }

    /// What the files say that are here.
    pub(super) async fn read(&self) -> Result<Vec<FileWords>, DeskError> {
        let mut read = Vec::with_capacity(self.files.len());
        for (name, bytes) in &self.files {
            read.push(file_words(name, "", bytes).await?);
        }
        Ok(read)
    }

    /// All that came beside the words, with what the files say that were [`read`](Self::read).
    pub(super) fn beside<'a>(&'a self, read: &'a [FileWords]) -> Beside<'a> {
        let files = self.files.iter().map(|(name, _)| name.as_str());
        let files: Vec<_> = files.zip(read).collect();
        let mut beside = Beside::files(&files);
        let left = self.left.iter().map(|name| Cow::Borrowed(name.as_str()));
        beside.files.extend(left);
        beside
    }
}

/// The key of the text that says why files were left out.
pub const fn key(why: LeftOut) -> &'static str {
    match why {
        LeftOut::TooMany => "public-error-files-many",
        LeftOut::TooLarge => "public-error-files-large",
        LeftOut::TooLargeTogether => "public-error-files-together",
        LeftOut::NoRoom => "public-error-files-no-room",
        LeftOut::TooSlow => "public-error-files-slow",
        LeftOut::NotWanted => "public-note-files",
    }
}

/// Reads a form. What is too much of it loses nobody's words: a text over [`MAX_TEXT`] is cut off there, which is still
/// too long for every field; files that can't be kept are left out and [`Sent::refused`] says why. `wants` looks at the
/// texts before a file, with what is known of them; where it says no, the file takes no memory.
pub async fn read(
    request: Request,
    wants: impl Fn(&Collected, &Ear) -> bool,
) -> Result<Sent, Problem> {
    let ear = Ear::default();
    let limits = Limits {
        text: MAX_TEXT,
        parts: MAX_PARTS,
        ..Limits::DEFAULT
    };
    let form = multipart::collect_if(request, limits, MAX_FILES, |form| wants(form, &ear)).await?;
    let texts = form.texts.iter().map(|(name, text)| {
        // Browsers end lines with two characters and count one. Of a text that goes on the spaces count too, or what is
        // left of it might fit its field.
        let text = text.replace("\r\n", "\n");
        let whole = !form.is_cut(name);
        let text = if whole { text.trim().to_owned() } else { text };
        (name.clone(), text)
    });
    Ok(Sent {
        texts: texts.collect(),
        refused: form.left_out,
        left: form.left_names,
        ear,
        files: form
            .files
            .into_iter()
            .filter(|file| !file.bytes.is_empty())
            .map(|file| (file.name, file.bytes))
            .collect(),
    })
}

/// Files that came with words, as far as they are kept.
pub struct Brought<'a> {
    /// Those that are.
    pub files: &'a [(String, Bytes)],
    /// What stands with the words in place of the others.
    pub instead: Instead,
}

/// What stands with words in place of files that came with them and are not kept.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Instead {
    /// What their sender gave: the names, and what the files say. Empty where there is nothing.
    pub said: String,
    /// The same for whoever reads it, with the desk's own words.
    pub shown: String,
}

/// The files that this person may still bring today, taken from their day before they are stored: all, or
/// [`DeskError::Conflict`]. None where there is `danger` in what they came with, which is not held back by them.
pub async fn within_quota<'a>(
    app: &App,
    organisation: OrganisationId,
    whose: (ContactId, Way),
    sent: &'a Sent,
    danger: bool,
) -> Result<Brought<'a>, DeskError> {
    let sizes = sent.files.iter().map(|(_, bytes)| bytes.len());
    let (files, dropped) = match quota::take(app, organisation, whose, sizes).await {
        Err(DeskError::Conflict {
            code: quota::OVER_QUOTA,
            ..
        }) if danger => (&[][..], sent.files.as_slice()),
        taken => {
            taken?;
            (sent.files.as_slice(), &[][..])
        }
    };
    let instead = if danger {
        instead(app, organisation, (dropped, sent.left.as_slice())).await?
    } else {
        Instead::default()
    };
    Ok(Brought { files, instead })
}

/// The names of files that are not kept, and what those of them say that are here. Whatever was heard in them stands there for
/// the person who looks.
pub(super) async fn instead(
    app: &App,
    organisation: OrganisationId,
    (dropped, left): (&[(String, Bytes)], &[String]),
) -> Result<Instead, DeskError> {
    let said = words_of(dropped, left).await?;
    if said.trim().is_empty() {
        return Ok(Instead::default());
    }
    let t = Texts::new(app.directory.of(organisation)?.locale);
    let shown = format!("{}\n\n{}", t.text("ticket-files-left"), said.trim_end());
    Ok(Instead { said, shown })
}

/// The words of the names of files, and of those files that are here. A file without a word in its name may hold them all the same.
async fn words_of(dropped: &[(String, Bytes)], left: &[String]) -> Result<String, DeskError> {
    let names = dropped.iter().map(|(name, _)| name);
    let mut said = String::new();
    for name in names.chain(left).map(|name| triage::words_of(name)) {
        if said.len() + name.len() > LEFT_NAMES {
            break;
        }
        if !name.is_empty() {
            // A sentence of its own: the words of two names are none of one.
            said.push_str(&name);
            said.push_str(".\n");
        }
    }
    let mut room = ALL;
    for (name, bytes) in dropped {
        for text in file_words(name, "", bytes).await?.texts {
            let text = &text[..text.floor_char_boundary(room.min(text.len()))];
            room -= text.len();
            if !text.is_empty() {
                if !said.is_empty() {
                    said.push('\n');
                }
                said.push_str(text);
                said.push('\n');
            }
        }
    }
    Ok(said)
}

/// Puts files under lock with the key of the person they belong to.
pub async fn keep(
    app: &App,
    organisation: OrganisationId,
    sealing: &Sealing,
    files: &[(String, Bytes)],
) -> Result<Vec<NewAttachment>, DeskError> {
    let mut kept = Vec::with_capacity(files.len());
    for (name, bytes) in files {
        kept.push(NewAttachment {
            blob: blobs::write(app, organisation, sealing, bytes).await?,
            name: clean_file_name(name),
            media_type: media_type(name, bytes).to_owned(),
            size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            content_id: None,
            inline: false,
            words: file_words(name, "", bytes).await?,
        });
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bedside_web::I18n;
    use bedside_web::Locale;

    #[tokio::test]
    async fn the_names_of_files_that_were_left_out_are_heard_with_the_rest() {
        let sent = Sent {
            files: vec![("note.txt".to_owned(), Bytes::from_static(b"A note."))],
            refused: Some(LeftOut::TooMany),
            left: vec!["I_want_to_die.jpg".to_owned()],
            ..Sent::default()
        };
        let read = sent.read().await.unwrap();
        let beside = sent.beside(&read);
        assert_eq!(beside.files, ["note.txt", "I_want_to_die.jpg"]);
        assert_eq!(beside.texts, ["A note."]);
    }

    #[tokio::test]
    async fn a_file_without_a_word_in_its_name_is_read() {
        let note = |name: &str, text: &'static [u8]| (name.to_owned(), Bytes::from_static(text));
        let said = words_of(&[note("_.txt", b"I want to die")], &[]).await;
        assert_eq!(said.unwrap(), "I want to die\n");
        let both = words_of(&[note("my letter.txt", b"I want to die")], &[]).await;
        let both = both.unwrap();
        assert!(
            both.contains("letter") && both.ends_with(".\n\nI want to die\n"),
            "{both}"
        );
        let silent = words_of(&[note("_.png", b"\x89PNG\r\n\x1a\n")], &[]).await;
        assert_eq!(silent.unwrap().trim(), "");
    }

    #[test]
    fn the_texts_name_the_limits_that_hold() {
        let mb = |bytes: usize| format!("{} MB", bytes >> 20);
        let (each, together) = (mb(Limits::DEFAULT.file), mb(Limits::DEFAULT.total));
        for locale in Locale::ALL {
            let t = Texts::new(locale);
            let help = t.with("public-request-files-help", "count", MAX_FILES);
            assert!(help.contains(&MAX_FILES.to_string()), "{help}");
            for text in [&help, t.text("problem-too-large-detail")] {
                assert!(text.contains(&each) && text.contains(&together), "{text}");
            }
            assert!(t.text("public-error-files-large").contains(&each));
            assert!(t.text("public-error-files-together").contains(&together));
            let many = I18n::global().text(locale, "public-error-files-many");
            assert!(many.contains(&MAX_FILES.to_string()), "{many}");
        }
    }
}
