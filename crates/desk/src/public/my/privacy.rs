//! Who has seen one's data, and what one asks for it by law.

use super::{My, on_to};
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{PrivacyCopyId, PrivacyRequestId};
use crate::once::Once;
use crate::pages::forms::Form;
use crate::pages::seen_words::{People, Reader, Told, told};
use crate::privacy::copies;
use crate::privacy::requests::{
    self, ASKED_ALREADY, Decision, Heard, Kind, Law, MAX_WORDS, RequestView, State, law,
};
use crate::privacy::seen;
use crate::public::heard;
use crate::public::linked::form_number;
use crate::public::shell::{Kept, Shell, page};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_web::i18n::Texts;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "public/templates/my_seen.html")]
struct SeenPage<'a> {
    shell: &'a Shell,
    lines: Vec<Told>,
    next: Option<i64>,
}

/// Who has seen one's data, in plain words: the staff as the clinic has decided to name them.
pub(super) async fn seen(my: My) -> Response {
    let found = async {
        let (app, ctx) = (&my.app, &my.ctx);
        let account = seen::own_account(app, ctx, my.asked.before, seen::PAGE).await?;
        let people = People::read(app, ctx.organisation).await?;
        let (clinic, t) = (&my.shell.clinic, my.shell.t);
        Ok((
            told(&account.visits, &people, clinic, t, Reader::Patient),
            account.next,
        ))
    };
    match found.await {
        Ok((lines, next)) => {
            let shell = &my.shell;
            page(StatusCode::OK, &SeenPage { shell, lines, next })
        }
        Err(error) => my.failed(error),
    }
}

/// A request in words.
struct Line {
    kind: &'static str,
    /// The key of where it stands.
    state: &'static str,
    asked: String,
    /// Until when it is to be answered, where it is not.
    due: Option<String>,
    words: Option<String>,
    /// What was said of the decision.
    note: Option<String>,
    /// Why it takes longer.
    longer: Option<String>,
    /// Why something of it is refused, and what they can do about it.
    refusal: Option<Refusal>,
    copies: Vec<(PrivacyCopyId, String)>,
    /// What they may take back.
    take_back: Option<PrivacyRequestId>,
}

/// Code of the reason that speaks of whoever acts for the patient (45 CFR 164.524(a)(3)(iii)).
const BY_REPRESENTATIVE: &str = "harms_by_representative";

/// A refusal as the law wants it told (45 CFR 164.524(d)(2), 164.526(d)(1); GDPR Art. 12(4)).
struct Refusal {
    /// The law's reason, in plain words.
    reason: String,
    /// Where the law says so; none where that is no section.
    section: Option<&'static str>,
    /// What they can do, by its key.
    further: Vec<&'static str>,
}

/// The law's reason where something is refused, and where to go then. Whoever acts for the patient is not told that they
/// themselves were judged a danger to them: they read the section alone.
fn refusal(request: &requests::Request, t: Texts, acts: bool) -> Option<Refusal> {
    let code = request.decided.as_ref()?.reason.as_deref()?;
    let mut known = law::reasons(request.law, request.kind);
    let found = known.find(|one| one.code == code)?;
    let mut further = Vec::new();
    if found.may_be_reviewed() {
        further.push("my-refused-review");
    }
    if (request.law, request.kind) == (Law::Hipaa, Kind::Amendment) {
        further.push("my-refused-disagree");
    }
    further.push("my-refused-complain");
    further.push(match request.law {
        Law::Hipaa => "my-refused-complain-hipaa",
        Law::Gdpr => "my-refused-complain-gdpr",
    });
    let key = if acts && code == BY_REPRESENTATIVE {
        "my-reason-to-another".to_owned()
    } else {
        format!("my-reason-{}", code.replace('_', "-"))
    };
    Some(Refusal {
        reason: t.text(&key).to_owned(),
        section: Some(found.section.as_str()).filter(|text| text.contains(char::is_numeric)),
        further,
    })
}

#[derive(Template)]
#[template(path = "public/templates/my_privacy.html")]
struct ListPage<'a> {
    shell: &'a Shell,
    said: Option<&'static str>,
    csrf: String,
    lines: Vec<Line>,
    /// Where the earlier ones begin, if there are any.
    next: Option<PrivacyRequestId>,
    kinds: Vec<(&'static str, &'static str)>,
    once: String,
    sent: &'a Asked,
    /// The key of what has to be put right.
    wrong: Option<&'static str>,
    /// Whether the words went to the staff because somebody may be in danger, or is a worry.
    heard: Option<Heard>,
    /// The day on which they asked for this already.
    already: Option<String>,
    max: usize,
}

#[derive(Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    words: String,
    #[serde(default)]
    once: String,
    /// Said by whoever means another request than the open one of the same kind.
    #[serde(default)]
    another: String,
}

/// What a kind is to whoever asks for it.
const fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Access => "my-ask-access",
        Kind::Copy => "my-ask-copy",
        Kind::Amendment => "my-ask-amendment",
        Kind::Restriction => "my-ask-restriction",
        Kind::Erasure => "my-ask-erasure",
        Kind::Accounting => "my-ask-accounting",
        Kind::Objection => "my-ask-objection",
        Kind::Complaint => "my-ask-complaint",
        Kind::Communications => "my-ask-communications",
    }
}

fn state_words(request: &requests::Request) -> &'static str {
    match (request.state, request.decision()) {
        (State::Open, _) => "my-asked-open",
        (_, Some(Decision::Refused)) => "my-asked-refused",
        (_, Some(Decision::Withdrawn)) => "my-asked-withdrawn",
        (_, Some(Decision::Partly)) => "my-asked-partly",
        (State::Decided, _) => "my-asked-decided",
        (State::Closed, _) => "my-asked-closed",
    }
}

async fn line(my: &My, view: RequestView) -> Result<Line, DeskError> {
    let request = &view.request;
    let signed_in = my.ctx.signed_in()?;
    let (me, acts) = (signed_in.contact, signed_in.acting.is_some());
    let copies = copies::own(&my.app, &my.ctx, request.id).await?;
    Ok(Line {
        kind: kind_words(request.kind),
        state: state_words(request),
        asked: my.on_day(request.opened_at),
        due: (request.state != State::Closed).then(|| my.on_day(request.due_at)),
        copies: copies
            .iter()
            .map(|one| (one.id, my.on_day(one.expires_at)))
            .collect(),
        take_back: request.may_take_back(me).is_ok().then_some(request.id),
        longer: view.extension.filter(|_| request.decision().is_none()),
        refusal: refusal(request, my.shell.t, acts),
        words: view.words,
        note: view.note,
    })
}

async fn load(
    my: &My,
    status: StatusCode,
    sent: &Asked,
    wrong: Option<&'static str>,
    heard: Option<Heard>,
) -> Result<Response, DeskError> {
    let mut lines = Vec::new();
    let (views, next) = requests::own(&my.app, &my.ctx, my.asked.older).await?;
    for view in views {
        lines.push(line(my, view).await?);
    }
    let already = match Kind::from_code(&sent.kind).filter(|_| wrong == Some(ALREADY)) {
        Some(kind) => requests::asked_on(&my.app, &my.ctx, kind).await?,
        None => None,
    };
    let already = already.map(|at| my.on_day(at));
    let kinds = Kind::ALL
        .iter()
        .map(|kind| (kind.code(), kind_words(*kind)));
    let shown = ListPage {
        shell: &my.shell,
        said: my.said(),
        csrf: my.csrf(),
        lines,
        next,
        kinds: kinds.collect(),
        once: form_number(&my.app, &sent.once),
        sent,
        wrong,
        heard,
        already,
        max: MAX_WORDS,
    };
    Ok(page(status, &shown))
}

/// What one asked, where it stands, and the form to ask for more.
pub(super) async fn list(my: My) -> Response {
    let shown = load(&my, StatusCode::OK, &Asked::default(), None, None).await;
    shown.unwrap_or_else(|error| my.failed(error))
}

/// The key of what is said to somebody who asked for it before.
const ALREADY: &str = "my-ask-already";

/// Asks for something. The words are heard first, whatever else is wrong. What is sent twice is asked once.
pub(super) async fn ask(my: My, Form(sent): Form<Asked>) -> Response {
    let kept = || Kept {
        words: &sent.words,
        files: false,
    };
    let heard = match requests::hear_own(&my.app, &my.ctx, &sent.words).await {
        Ok(heard) => heard,
        Err(error) => return my.failed_keeping(error, kept()),
    };
    let answer = match asked(&my, &sent).await {
        Ok(()) if heard.is_none() => return on_to("/my/privacy?said=asked"),
        Ok(()) if heard.is_some_and(|heard| heard.danger) => Err(DeskError::NotFound),
        Ok(()) => load(&my, StatusCode::OK, &Asked::default(), None, heard).await,
        Err(error) => match wrong(&error) {
            Some((status, wrong)) => load(&my, status, &sent, Some(wrong), heard).await,
            None => Err(error),
        },
    };
    match (answer, heard) {
        (Ok(response), _) => response,
        (Err(_), Some(heard)) => thanked(&my, heard, &sent.words).await,
        (Err(error), None) => my.failed_keeping(error, kept()),
    }
}

/// Status and key of what is said of an error that can be put right.
fn wrong(error: &DeskError) -> Option<(StatusCode, &'static str)> {
    const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
    match error {
        DeskError::Invalid { field: "kind", .. } => Some((WRONG, "my-ask-choose")),
        DeskError::Invalid { .. } => Some((WRONG, "public-error-message-long")),
        DeskError::RateLimited { .. } => Some((StatusCode::TOO_MANY_REQUESTS, "my-ask-many")),
        DeskError::Conflict { code, .. } if *code == ASKED_ALREADY => {
            Some((StatusCode::CONFLICT, ALREADY))
        }
        _ => None,
    }
}

/// The page that says whom to call.
async fn thanked(my: &My, heard: Heard, words: &str) -> Response {
    let said = (heard.ticket, words);
    let thanks = heard::thanks(&my.app, &my.shell, said).await;
    thanks.unwrap_or_else(|error| my.failed(error))
}

async fn asked(my: &My, sent: &Asked) -> Result<(), DeskError> {
    let kind = Kind::from_code(&sent.kind)
        .ok_or_else(|| DeskError::invalid("kind", "missing", "Choose what you ask for."))?;
    let me = my.ctx.signed_in()?;
    let another = !sent.another.is_empty();
    let what = format!(
        "my data {} {:?} {} {:?} {another}",
        me.contact,
        me.patient(),
        kind.code(),
        sent.words
    );
    let ctx = Ctx {
        once: Once::of_form(&sent.once, &what),
        ..my.ctx.clone()
    };
    requests::open_own(&my.app, &ctx, kind, (&sent.words, another)).await?;
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

/// Takes back what they asked themself.
pub(super) async fn take_back(
    my: My,
    Path(request): Path<PrivacyRequestId>,
    Form(Nothing {}): Form<Nothing>,
) -> Response {
    match requests::take_back(&my.app, &my.ctx, request).await {
        Ok(()) => on_to("/my/privacy?said=taken-back"),
        Err(error) => my.failed(error),
    }
}

/// A copy that is ready.
pub(super) async fn copy(my: My, Path(copy): Path<PrivacyCopyId>) -> Response {
    let handed = copies::download_own(&my.app, &my.ctx, copy).await;
    handed.unwrap_or_else(|error| my.failed(error))
}
