//! What somebody said yes and no to, and the buttons by which they take it back, refuse it or give it.
//!
//! A button says the very words that are kept. What it was pressed for is sent with it: the language, as whom, and the words of
//! a yes, so that nothing is said for somebody else, or of words that are others by now.

use super::{My, on_to};
use crate::context::Ctx;
use crate::error::DeskError;
use crate::once::Once;
use crate::pages::forms::Form;
use crate::privacy::consents::{
    self, Channel, OwnPurpose, OwnStanding, OwnWord, Purpose, Stand, Why,
};
use crate::privacy::notices;
use crate::public::caps::PER_PERSON;
use crate::public::linked::form_number;
use crate::public::shell::{Shell, page};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_web::Locale;
use bedside_web::i18n::Texts;
use serde::Deserialize;

/// Longest name of a button that is read, in bytes.
const MAX_SAY: usize = 120;

/// Some ways of which the same stands.
struct Line {
    /// The ways, with their addresses where there are several, or the third party.
    ways: String,
    icon: &'static str,
    /// The key of what stands.
    why: &'static str,
}

/// A purpose.
struct Card {
    code: &'static str,
    name: &'static str,
    text: String,
    lines: Vec<Line>,
    /// What the buttons are called, and the words on them.
    buttons: Vec<(String, String)>,
    /// Whether a yes to it is signed.
    signed: bool,
}

/// The notice that counts now.
struct Told {
    number: i64,
    /// Since when they have it.
    since: Option<String>,
}

#[derive(Template)]
#[template(path = "public/templates/my_consents.html")]
struct ConsentsPage<'a> {
    shell: &'a Shell,
    said: Option<&'static str>,
    wrong: Option<&'static str>,
    csrf: String,
    once: String,
    whose: String,
    /// What the words of a yes are known by.
    words: String,
    /// Whether it says what stands.
    whole: bool,
    cards: Vec<Card>,
    /// The words of a no to everything.
    nothing: String,
    notice: Option<Told>,
}

/// What a button says, as sent.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Pressed {
    #[serde(default)]
    once: String,
    /// As whom the page was shown.
    #[serde(default)]
    whose: String,
    /// In which language.
    #[serde(default)]
    lang: String,
    /// What the words of a yes were known by.
    #[serde(default)]
    words: String,
    /// The button.
    #[serde(default)]
    say: String,
}

/// What somebody says yes to, in words.
fn asked(t: Texts, purpose: Purpose, clinic: &str) -> String {
    let key = format!("consent-text-{}", purpose.code());
    t.with(&key, "clinic", clinic).into_owned()
}

/// The words of a no for one purpose; `party` is who gets no more of it.
fn no_words(t: Texts, purpose: Purpose, party: Option<&str>) -> String {
    let name = t.text(purpose.text_key());
    match party {
        Some(party) => {
            let values = [("purpose", name.into()), ("party", party.into())];
            t.format("my-consent-no-party", &values).into_owned()
        }
        None => t.with("my-consent-no", "purpose", name).into_owned(),
    }
}

/// The words of a no to everything.
fn no_to_all(t: Texts, clinic: &str) -> String {
    t.with("my-consent-nothing", "clinic", clinic).into_owned()
}

/// The words on the button of a yes.
fn yes_words(t: Texts, channel: Channel, address: &str) -> String {
    let way = t.text(channel.text_key());
    let values = [("way", way.into()), ("address", address.into())];
    t.format("my-consent-yes", &values).into_owned()
}

/// What all the words that a yes can be to are known by.
fn known_by(t: Texts, clinic: &str) -> String {
    let all = Purpose::ALL.iter();
    let all: Vec<String> = all.map(|one| asked(t, *one, clinic)).collect();
    notices::text_hash(&all.join("\n"))
}

const fn look(why: Why) -> (&'static str, &'static str) {
    match why {
        Why::Given(_) => ("circle-check", "my-consent-given"),
        Why::NotNeeded => ("check", "my-consent-not-needed"),
        Why::Refused(_) => ("x", "my-consent-refused"),
        Why::Withdrawn(_) => ("x", "my-consent-withdrawn"),
        Why::Restricted => ("shield", "my-consent-restricted"),
        Why::NeverGiven | Why::NoSuchWay => ("circle-help", "my-consent-never-given"),
    }
}

/// What stands for one purpose: one line for the ways of which the same does.
fn lines(t: Texts, stands: &[Stand]) -> Vec<Line> {
    let several = |one: &Stand| {
        let same = stands.iter().filter(|other| other.channel == one.channel);
        one.at.is_some() && (one.channel.is_none() || same.count() > 1)
    };
    let name = |one: &Stand| {
        let at = one.at.as_deref().filter(|_| several(one));
        match (one.channel.map(|way| t.text(way.text_key())), at) {
            (Some(way), Some(at)) => format!("{way} ({at})"),
            (Some(way), None) => way.to_owned(),
            (None, at) => at.unwrap_or_default().to_owned(),
        }
    };
    let mut lines: Vec<Line> = Vec::new();
    for one in stands {
        let ((icon, why), way) = (look(one.why), name(one));
        match lines.iter_mut().find(|line| line.why == why) {
            Some(line) => line.ways = format!("{}, {way}", line.ways),
            None => lines.push(Line {
                ways: way,
                icon,
                why,
            }),
        }
    }
    lines
}

/// The buttons of one purpose.
fn buttons(t: Texts, of: &OwnPurpose) -> Vec<(String, String)> {
    let code = of.purpose.code();
    let mut buttons = Vec::new();
    let is_no = |one: &Stand| {
        matches!(
            one.why,
            Why::Refused(_) | Why::Withdrawn(_) | Why::NoSuchWay
        )
    };
    if of.stands.is_empty() || !of.stands.iter().all(is_no) {
        buttons.push((format!("no:{code}"), no_words(t, of.purpose, None)));
    }
    if of.parties.len() > 1 {
        for one in &of.parties {
            let words = no_words(t, of.purpose, Some(&one.name));
            buttons.push((format!("no:{code}:{}", one.mark), words));
        }
    }
    for one in &of.offers {
        let say = format!("yes:{code}:{}:{}", one.channel.code(), one.mark);
        buttons.push((say, yes_words(t, one.channel, &one.address)));
    }
    buttons
}

fn card(my: &My, of: &OwnPurpose) -> Card {
    let t = my.shell.t;
    Card {
        code: of.purpose.code(),
        name: t.text(of.purpose.text_key()),
        text: asked(t, of.purpose, &my.shell.clinic.name),
        lines: lines(t, &of.stands),
        buttons: buttons(t, of),
        signed: !of.purpose.by_press(),
    }
}

async fn load(
    my: &My,
    status: StatusCode,
    once: &str,
    wrong: Option<&'static str>,
) -> Result<Response, DeskError> {
    let (app, t) = (&my.app, my.shell.t);
    let OwnStanding { whole, purposes } = consents::own(app, &my.ctx, &my.me.point).await?;
    let notice = notices::own(app, &my.ctx).await?.map(|one| Told {
        number: one.notice.notice.number,
        since: one.since.map(|at| my.on_day(at)),
    });
    let clinic = &my.shell.clinic.name;
    let shown = ConsentsPage {
        shell: &my.shell,
        said: my.said(),
        wrong,
        csrf: my.csrf(),
        once: form_number(app, once),
        whose: my.whose(),
        words: known_by(t, clinic),
        whole,
        cards: purposes.iter().map(|one| card(my, one)).collect(),
        nothing: no_to_all(t, clinic),
        notice,
    };
    Ok(page(status, &shown))
}

/// What stands.
pub(super) async fn list(my: My) -> Response {
    let shown = load(&my, StatusCode::OK, "", None).await;
    shown.unwrap_or_else(|error| my.failed(error))
}

/// What a button is called, read back: for what, and how.
struct Say<'a> {
    purpose: Option<Purpose>,
    yes: Option<(Channel, &'a str)>,
    party: Option<&'a str>,
}

impl<'a> Say<'a> {
    fn read(pressed: &'a str) -> Option<Self> {
        if pressed.len() > MAX_SAY {
            return None;
        }
        let pieces: Vec<&str> = pressed.split(':').collect();
        let (purpose, yes, party) = match pieces.as_slice() {
            ["no"] => (None, None, None),
            ["no", purpose] => (Some(*purpose), None, None),
            ["no", purpose, party] => (Some(*purpose), None, Some(*party)),
            ["yes", purpose, channel, mark] => {
                let channel = Channel::from_code(channel)?;
                (Some(*purpose), Some((channel, *mark)), None)
            }
            _ => return None,
        };
        let purpose = match purpose {
            Some(code) => Some(Purpose::from_code(code)?),
            None => None,
        };
        Some(Self {
            purpose,
            yes,
            party,
        })
    }
}

/// What is put right by looking at the page again.
fn mendable(error: &DeskError) -> Option<(StatusCode, &'static str)> {
    match error {
        DeskError::Invalid { .. } => Some((StatusCode::UNPROCESSABLE_ENTITY, "my-consent-wrong")),
        DeskError::RateLimited { .. } => Some((StatusCode::TOO_MANY_REQUESTS, "my-too-many")),
        _ => None,
    }
}

/// Takes a press in. What is pressed twice is said once.
pub(super) async fn press(my: My, Form(pressed): Form<Pressed>) -> Response {
    let answer = match said(&my, &pressed).await {
        Ok(Ok(mark)) => return on_to(&format!("/my/consents?said={mark}")),
        Ok(Err((status, wrong))) => load(&my, status, "", Some(wrong)).await,
        Err(error) => match mendable(&error) {
            Some((status, wrong)) => load(&my, status, "", Some(wrong)).await,
            None => Err(error),
        },
    };
    answer.unwrap_or_else(|error| my.failed(error))
}

/// What stands above the page then; else what is to be looked at again.
async fn said(
    my: &My,
    pressed: &Pressed,
) -> Result<Result<&'static str, (StatusCode, &'static str)>, DeskError> {
    let me = my.ctx.signed_in()?;
    let Some(say) = Say::read(&pressed.say) else {
        return Ok(Err((StatusCode::UNPROCESSABLE_ENTITY, "my-consent-wrong")));
    };
    // Another tab may write for somebody else meanwhile.
    if pressed.whose != my.whose() {
        return Ok(Err((StatusCode::CONFLICT, "my-consent-other")));
    }
    let clinic = &my.shell.clinic.name;
    let locale: Locale = pressed.lang.parse().unwrap_or(my.shell.t.locale);
    let t = Texts::new(locale);
    // A no counts whatever was read. A yes is to the words that are kept.
    if say.yes.is_some() {
        my.app
            .caps
            .take(("consent", me.contact.uuid()), PER_PERSON, my.app.now())?;
        if pressed.words != known_by(t, clinic) {
            return Ok(Err((StatusCode::CONFLICT, "my-consent-changed")));
        }
    }
    let standing = consents::own(&my.app, &my.ctx, &my.me.point).await?;
    // Pressed twice: with them nothing is shared any more.
    if let Some(mark) = say.party {
        let mut all = standing.purposes.iter().flat_map(|one| &one.parties);
        if !all.any(|one| one.is(mark)) {
            return Ok(Ok("consent-no"));
        }
    }
    let Some(text) = kept(t, clinic, &say, &standing) else {
        return Ok(Err((StatusCode::UNPROCESSABLE_ENTITY, "my-consent-wrong")));
    };
    let mark = match (&say.yes, say.purpose) {
        (Some(_), _) => "consent-yes",
        (None, Some(_)) => "consent-no",
        (None, None) => "consent-nothing",
    };
    let new = OwnWord {
        purpose: say.purpose,
        yes: say.yes.map(|(channel, at)| (channel, at.to_owned())),
        party: say.party.map(str::to_owned),
        text,
        locale,
    };
    let whom = me.patient();
    let what = format!(
        "my consent {} {whom:?} {locale} {:?}",
        me.contact, pressed.say
    );
    // A no is no more for being said twice, and has to count again where a yes came between.
    let yes = new.yes.as_ref();
    let once = yes.and_then(|_| Once::of_form(&pressed.once, &what));
    let ctx = Ctx {
        once,
        ..my.ctx.clone()
    };
    consents::say_own(&my.app, &ctx, &my.me.point, new).await?;
    Ok(Ok(mark))
}

/// The very words that were shown; none where the button is not theirs.
fn kept(t: Texts, clinic: &str, say: &Say<'_>, standing: &OwnStanding) -> Option<String> {
    let Some(purpose) = say.purpose else {
        return Some(no_to_all(t, clinic));
    };
    let of = standing
        .purposes
        .iter()
        .find(|one| one.purpose == purpose)?;
    let button = match (say.yes, say.party) {
        (Some((channel, mark)), _) => {
            let here = |one: &&consents::Offer| one.channel == channel && one.is(mark);
            if let Some(one) = of.offers.iter().find(here) {
                yes_words(t, channel, &one.address)
            } else {
                // Pressed twice: the yes stands, and is not kept again.
                let given =
                    |one: &Stand| one.channel == Some(channel) && matches!(one.why, Why::Given(_));
                of.stands.iter().any(given).then_some(())?;
                yes_words(t, channel, "")
            }
        }
        (None, Some(mark)) => {
            let found = of.parties.iter().find(|one| one.is(mark))?;
            no_words(t, purpose, Some(&found.name))
        }
        (None, None) => no_words(t, purpose, None),
    };
    Some(format!("{}\n{button}", asked(t, purpose, clinic)))
}
