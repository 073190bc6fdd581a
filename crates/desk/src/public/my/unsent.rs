//! Words that came when whoever wrote them was in no more, or may write for somebody no more.
//!
//! Who is in danger may take longer over their words than a session lasts. So the words are read before anybody is sent away:
//! danger is taken in, as theirs where the desk knows who was in, and all other words stand on the page that says that they
//! were not sent. That page opens nothing, and shows nothing but what has just come.

use super::My;
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId};
use crate::patients::{self, Requester};
use crate::portal::Lately;
use crate::public::caps::network;
use crate::public::files::{self, Sent};
use crate::public::heard;
use crate::public::shell::{Kept, Shell, page};
use askama::Template;
use axum::extract::{MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bedside_web::csrf;
use bedside_web::form::Posted;
use serde::Deserialize;

/// The forms that patients write in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    /// With files beside the words.
    Message,
    /// What is asked by law.
    Law,
}

fn written(request: &Request) -> Option<Written> {
    if request.method() != Method::POST {
        return None;
    }
    match request.extensions().get::<MatchedPath>()?.as_str() {
        "/my/requests/new" | "/my/requests/{ticket}/reply" => Some(Written::Message),
        "/my/privacy" => Some(Written::Law),
        _ => None,
    }
}

/// Whether this is a form that patients write in.
pub(crate) fn brings_words(request: &Request) -> bool {
    written(request).is_some()
}

#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    words: String,
}

/// What came, and where from.
struct Unsent {
    parts: Parts,
    words: String,
    sent: Sent,
}

impl Unsent {
    /// Reads the form; none where it is no such form, can't be read, or brings nothing.
    async fn read(request: Request) -> Option<Self> {
        let form = written(&request)?;
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(parts.clone(), body);
        let (words, sent) = match form {
            Written::Message => {
                let sent = files::read(request, |_, _| false).await.ok()?;
                (sent.text("message").to_owned(), sent)
            }
            Written::Law => {
                let sent = Posted::cut(request).await.ok()?;
                let asked: Asked = sent.read().unwrap_or_default();
                let words = asked.words.replace("\r\n", "\n");
                (words.trim().to_owned(), Sent::default())
            }
        };
        let unsent = Self { parts, words, sent };
        (!unsent.kept().is_empty()).then_some(unsent)
    }

    fn kept(&self) -> Kept<'_> {
        Kept {
            words: &self.words,
            files: self.sent.had_files(),
        }
    }

    /// The answer to words of danger.
    async fn heard(&self, app: &App, shell: &Shell, who: Option<ContactId>) -> Option<Response> {
        let network = network(&self.parts.headers, &self.parts.extensions, &app.config);
        let theirs = match who {
            Some(contact) => match theirs(app, shell.clinic.id, contact).await {
                Ok(requester) => Some(requester),
                Err(error) => {
                    tracing::warn!(%error, "words are kept as nobody's");
                    None
                }
            },
            None => None,
        };
        let said = (self.words.as_str(), &self.sent);
        heard::of_whom(app, shell, (network, theirs), said).await
    }
}

/// Whoever wrote, without the patient they stand for: the words may be about somebody else, and say nothing of who is in.
async fn theirs(
    app: &App,
    organisation: OrganisationId,
    contact: ContactId,
) -> Result<Requester, DeskError> {
    let own = patients::requester_of_contact(app, organisation, contact).await?;
    own.without_patient(app, organisation).await
}

#[derive(Template)]
#[template(path = "public/templates/my_unsent.html")]
struct UnsentPage<'a> {
    shell: &'a Shell,
    title: &'static str,
    text: &'static str,
    kept: Kept<'a>,
    /// Where to go on, and what stands on the way there.
    way: (String, &'static str),
}

/// The answer to words that came when the session was over. None where there are none.
pub(crate) async fn signed_out(
    app: &App,
    request: Request,
    was: Option<Lately>,
) -> Option<Response> {
    let unsent = Unsent::read(request).await?;
    let parts = &unsent.parts;
    // A form of another site says nothing of who is here.
    let is_ours = csrf::check_origin(&parts.method, &parts.headers, &app.config.public_url).is_ok();
    let was = was.filter(|_| is_ours);
    let clinic = was
        .as_ref()
        .and_then(|was| app.directory.of(was.organisation).ok());
    let spoken = was.as_ref().map(|was| was.locale.tag());
    let mut shell = match clinic {
        Some(clinic) => Shell::new(app, clinic, parts, spoken),
        None => Shell::of_desk(app, parts, spoken)?,
    };
    shell.here = shell.door_path();
    let who = was.and_then(|was| was.contact);
    if let Some(answer) = unsent.heard(app, &shell, who).await {
        return Some(answer);
    }
    let shown = UnsentPage {
        shell: &shell,
        title: "my-unsent-title",
        text: "my-unsent-text",
        kept: unsent.kept(),
        way: (shell.link(&shell.here), "my-sign-in-title"),
    };
    let mut response = page(StatusCode::UNAUTHORIZED, &shown);
    let scheme = HeaderValue::from_static("Bearer");
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, scheme);
    Some(response)
}

/// The answer to words for somebody for whom whoever is in may write no more. None where there are none.
pub(crate) async fn acting_over(app: &App, request: Request) -> Option<Response> {
    let unsent = Unsent::read(request).await?;
    let mut my = My::at(app, &unsent.parts).await.ok()?;
    "/my".clone_into(&mut my.shell.here);
    let me = my.ctx.signed_in().ok()?;
    if let Some(answer) = unsent.heard(app, &my.shell, Some(me.contact)).await {
        return Some(answer);
    }
    let shown = UnsentPage {
        shell: &my.shell,
        title: "my-unsent-acting-title",
        text: "my-said-acting-over",
        kept: unsent.kept(),
        way: ("/my".to_owned(), "my-back"),
    };
    Some(page(StatusCode::CONFLICT, &shown))
}
