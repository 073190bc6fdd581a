//! The page with the conversation.

use super::super::away;
use super::super::files::MAX_FILES;
use super::super::linked::form_number;
use super::super::shell::{Shell, page};
use super::Writing;
use crate::config::Config;
use crate::error::DeskError;
use crate::links::{self, PublicFile, PublicMessage, PublicThread, Visit};
use crate::pages::{forms, ui};
use crate::timeline::files;
use crate::{surveys, tickets};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_codecs::mail::html::{text_to_html, through};
use bedside_web::i18n::time;

/// A reply that is being written.
#[derive(Default)]
pub struct Draft {
    /// The words.
    pub words: String,
    /// The form's own number; empty for a new form.
    pub once: String,
    /// The key of the text that says what stood in the way.
    pub note: Option<&'static str>,
    /// Whether files were chosen: they have to be chosen again.
    pub had_files: bool,
    /// The key of the text that thanks for the one before, which has just come in.
    pub thanks: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "public/templates/thread.html")]
struct ThreadPage<'a> {
    shell: &'a Shell,
    thread: &'a PublicThread,
    draft: &'a Draft,
    once: String,
    token: String,
    crisis: bool,
    max_files: usize,
    config: &'a Config,
}

impl ThreadPage<'_> {
    fn who<'a>(&'a self, message: &'a PublicMessage) -> &'a str {
        match (message.mine, &message.author) {
            (true, _) if message.told => self.shell.t.text("public-thread-you-told"),
            (true, _) => self.shell.t.text("public-thread-you"),
            (false, Some(author)) => author,
            (false, None) => &self.shell.clinic.name,
        }
    }

    /// What came from outside is shown as its words alone; what the clinic wrote, as it was rendered when it was sent, its links
    /// by the page in between.
    fn html(&self, message: &PublicMessage) -> String {
        match &message.html {
            Some(html) if !message.mine => through(html, &|place| {
                let path = away::path(&self.shell.here, message.id, place);
                self.shell.link(&path)
            }),
            _ => text_to_html(&message.body),
        }
    }

    /// Why a file can't be opened, as the key of a text.
    fn kept(&self, file: &PublicFile, message: &PublicMessage) -> Option<&'static str> {
        let kept = files::may_open(self.config, file.scan).err()?;
        Some(match (kept.code(), message.mine) {
            (files::INFECTED, true) => "public-thread-file-refused",
            (files::INFECTED, false) => "public-thread-file-harmful",
            _ => "public-thread-file-waiting",
        })
    }

    fn when(&self, message: &PublicMessage) -> String {
        let zone = &self.shell.clinic.time_zone;
        time::format_time(message.at.micros(), zone, self.shell.t.locale)
    }

    #[expect(clippy::unused_self, reason = "called by the template on the page")]
    fn machine(&self, message: &PublicMessage) -> String {
        time::machine_time(message.at.micros())
    }

    #[expect(
        clippy::unused_self,
        clippy::trivially_copy_pass_by_ref,
        reason = "called by the template on the page, with references"
    )]
    fn size(&self, bytes: &i64) -> String {
        ui::size(*bytes)
    }
}

/// The thread with the form below it.
pub async fn shown(
    at: &Writing<'_>,
    visit: &Visit,
    status: StatusCode,
    draft: &Draft,
) -> Result<Response, DeskError> {
    let app = at.app;
    let mut reader = visit.clone();
    reader.ctx.locale = at.shell.t.locale;
    let thread = links::thread_view(app, &reader).await?;
    let ticket = tickets::row_for(app, visit.ctx.organisation, visit.ticket).await?;
    let crisis = surveys::is_crisis(&ticket);
    let mut own = thread.messages.iter().rev();
    let newest = own.find(|message| message.mine).filter(|_| crisis);
    let shell = match newest {
        Some(newest) => &at.shell.telling(app, &newest.body, thread.number),
        None => at.shell,
    };
    let shown = ThreadPage {
        shell,
        thread: &thread,
        draft,
        once: form_number(app, &draft.once),
        token: forms::public_token(app, &at.seal),
        crisis,
        max_files: MAX_FILES,
        config: &app.config,
    };
    Ok(page(status, &shown))
}
