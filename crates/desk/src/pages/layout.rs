//! What stands around every page: head, navigation, account menu, appearance.
//!
//! A page's handler takes a [`Page`], asks it for a [`Shell`], and shows a template that extends
//! `pages/templates/layout.html` (signed in) or `pages/templates/plain.html` (signed out) and has the field `shell`.

use super::{flash, forms, look, ui};
use crate::app::App;
use crate::context::{Actor, Ctx, Permission};
use crate::error::DeskError;
use crate::events;
use crate::ids::QueueId;
use crate::once::Once;
use crate::orgs::{Queue, model::purpose};
use crate::privacy::clocks::Waiting;
use crate::privacy::{self, exceptions};
use crate::router::SessionToken;
use crate::staff::Queues;
use crate::tickets::{self, View};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use bedside_web::i18n::{Arg, Texts, negotiate};
use bedside_web::{Locale, assets};
use std::borrow::Cow;

/// Counts in the navigation stop here and show a plus.
pub(crate) const COUNTED: i64 = 100;

/// How somebody likes their pages, kept in cookies of this browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// `auto`, `light` or `dark`.
    pub theme: &'static str,
    /// Whether all text is larger.
    pub large: bool,
}

impl Look {
    /// The name of the theme, if it is one.
    pub fn theme_named(name: &str) -> Option<&'static str> {
        ["auto", "light", "dark"]
            .into_iter()
            .find(|known| *known == name)
    }

    fn of(app: &App, headers: &HeaderMap) -> Self {
        let theme = look::kept(app, look::THEME, headers);
        let theme = theme.as_deref().and_then(Self::theme_named);
        Self {
            theme: theme.unwrap_or("auto"),
            large: look::kept(app, look::TEXT, headers).as_deref() == Some("large"),
        }
    }
}

/// The language of somebody who is not signed in: chosen before, or the browser's.
pub fn locale_of(app: &App, headers: &HeaderMap) -> Locale {
    let accepted = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    let chosen = look::kept(app, look::LANGUAGE, headers);
    negotiate(accepted, chosen.as_deref())
}

/// A request for a page by somebody of the staff.
#[derive(Clone)]
pub struct Page {
    /// The desk.
    pub app: App,
    /// Who asks.
    pub ctx: Ctx,
    /// The session, for form tokens.
    pub session: SessionToken,
    /// Appearance.
    pub look: Look,
    /// Whether a script asks for a part of the page only.
    pub partial: bool,
    /// Path of this page, without its query.
    pub path: String,
    flash: Option<flash::Said>,
}

impl FromRequestParts<App> for Page {
    type Rejection = DeskError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, DeskError> {
        let ctx = parts
            .extensions
            .get::<Ctx>()
            .cloned()
            .ok_or(DeskError::Unauthorized)?;
        let session = parts
            .extensions
            .get::<SessionToken>()
            .cloned()
            .ok_or(DeskError::Unauthorized)?;
        Ok(Self {
            app: app.clone(),
            flash: flash::read(app, &parts.headers, ctx.locale),
            ctx,
            session,
            look: Look::of(app, &parts.headers),
            partial: parts.headers.contains_key("hx-request"),
            path: parts.uri.path().to_owned(),
        })
    }
}

impl Page {
    /// Whether the form before this page said `code`.
    pub fn said(&self, code: &str) -> bool {
        self.flash.as_ref().is_some_and(|said| said.code == code)
    }

    /// Texts in the reader's language.
    pub fn texts(&self) -> Texts {
        Texts::new(self.ctx.locale)
    }

    /// The settings of the reader's organisation.
    pub fn clinic(&self) -> Result<std::sync::Arc<crate::orgs::Clinic>, DeskError> {
        self.app.directory.of(self.ctx.organisation)
    }

    /// What stands around the page.
    pub async fn shell(&self) -> Result<Shell, DeskError> {
        let clinic = self.clinic()?;
        let Actor::Staff { name, role, .. } = &self.ctx.actor else {
            return Err(DeskError::Forbidden);
        };
        Ok(Shell {
            texts: self.texts(),
            clinic: clinic.name.clone(),
            look: self.look,
            csrf: forms::token(&self.app, &self.session),
            here: self.path.clone(),
            flash: self.flash.as_ref().map(|said| said.text.clone()),
            user: Some(ui::Face::of(name)),
            called: role.called,
            nav: Nav::load(self, &clinic).await?,
            demo: self.app.config.demo,
            signed_in: true,
        })
    }

    /// What stands around a page of somebody signed in that leads nowhere else.
    pub fn bare_shell(&self) -> Result<Shell, DeskError> {
        Ok(Shell {
            texts: self.texts(),
            clinic: self.clinic()?.name.clone(),
            look: self.look,
            csrf: forms::token(&self.app, &self.session),
            here: self.path.clone(),
            flash: self.flash.as_ref().map(|said| said.text.clone()),
            user: None,
            called: false,
            nav: Nav::default(),
            demo: false,
            signed_in: true,
        })
    }

    /// A number for a form whose second delivery must do nothing; its hidden field is `once`.
    pub fn form_number(&self) -> String {
        self.app.id::<()>().to_string()
    }

    /// The reader's context for a form with this number and these words: sent twice, as by a double click, it is done
    /// once.
    pub fn once(&self, number: &str, words: &str) -> Ctx {
        let what = format!("{} {} {words}", self.path, self.ctx.actor.id_text());
        Ctx {
            once: Once::of_form(number, &what).or_else(|| self.ctx.once.clone()),
            ..self.ctx.clone()
        }
    }

    /// Shows a template.
    pub fn show(&self, template: &impl askama::Template) -> Result<Response, DeskError> {
        self.show_as(StatusCode::OK, template)
    }

    /// Shows a template under another status than 200.
    pub fn show_as(
        &self,
        status: StatusCode,
        template: &impl askama::Template,
    ) -> Result<Response, DeskError> {
        let mut response = render(status, template)?;
        // A part of a page has no place for the message; the next whole page shows it.
        if self.flash.is_some() && !self.partial {
            flash::forget(&self.app, &mut response);
        }
        Ok(response)
    }
}

/// A template as a response.
pub fn render(status: StatusCode, template: &impl askama::Template) -> Result<Response, DeskError> {
    let html = template
        .render()
        .map_err(|error| DeskError::Internal(format!("template: {error}")))?;
    Ok((status, Html(html)).into_response())
}

/// Sends the browser to `to` after a form did its work.
pub fn redirect(to: &str) -> Response {
    match axum::http::HeaderValue::from_str(to) {
        Ok(to) => (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response(),
        Err(_) => DeskError::NotFound.into_response(),
    }
}

/// Sends the browser to `to`, where the text `flash-<code>` is shown once.
pub fn redirect_saying(to: &str, code: &'static str) -> Response {
    let mut response = redirect(to);
    flash::say(&mut response, code);
    response
}

/// `next` when it leads to a page of this desk, else `/`.
pub fn safe_path(next: Option<&str>) -> &str {
    let fine = |path: &&str| {
        path.len() <= 512
            && path.starts_with('/')
            && !path.starts_with("//")
            && path
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    };
    next.filter(fine).unwrap_or("/")
}

/// A person's own settings, the texts and the navigation of one page.
#[derive(Clone, Debug)]
pub struct Shell {
    /// Texts in the reader's language.
    pub texts: Texts,
    /// Name of the clinic.
    pub clinic: String,
    /// Appearance.
    pub look: Look,
    /// Token for forms.
    pub csrf: String,
    /// Path of this page.
    pub here: String,
    /// A message to show once.
    pub flash: Option<String>,
    /// Who is signed in.
    pub user: Option<ui::Face>,
    /// Whether their role is told of every crisis.
    called: bool,
    /// Where they can go.
    pub nav: Nav,
    /// Whether everything in here is invented.
    pub demo: bool,
    /// Whether somebody is signed in who can sign out on this page.
    pub signed_in: bool,
}

impl Shell {
    /// The frame of a page for somebody who is not signed in. `csrf` is the token of its form, if it has one.
    pub fn plain(app: &App, headers: &HeaderMap, csrf: String) -> Self {
        Self::plain_in(app, headers, locale_of(app, headers), csrf)
    }

    /// The same in a given language.
    pub fn plain_in(app: &App, headers: &HeaderMap, locale: Locale, csrf: String) -> Self {
        Self {
            texts: Texts::new(locale),
            clinic: String::new(),
            look: Look::of(app, headers),
            csrf,
            here: String::new(),
            flash: flash::read(app, headers, locale).map(|said| said.text),
            user: None,
            called: false,
            nav: Nav::default(),
            demo: false,
            signed_in: false,
        }
    }

    /// A text without values.
    pub fn t<'a>(&self, key: &'a str) -> &'a str {
        self.texts.text(key)
    }

    /// A text with one value.
    pub fn with<'a, 'v>(
        &self,
        key: &'a str,
        name: &str,
        value: impl Into<Arg<'v>>,
    ) -> Cow<'a, str> {
        self.texts.with(key, name, value)
    }

    /// How many crises wait, in words.
    pub fn crises(&self) -> Cow<'_, str> {
        self.with("crisis-waiting", "count", self.nav.crises)
    }

    /// How many are past their time, in words.
    pub fn over(&self, waiting: &Waiting) -> Cow<'_, str> {
        self.with("nav-over", "count", waiting.over)
    }

    /// Words that may go on in another line after an `@`.
    pub fn breakable<'a>(&self, words: &'a str) -> ui::Breakable<'a> {
        ui::Breakable(words)
    }

    /// Whether whoever is here is told of each crisis on every page: those who answer them, and who sets the desk up.
    pub fn is_paged(&self) -> bool {
        self.nav.tickets && self.called
    }

    /// An icon.
    pub fn icon(&self, name: &'static str) -> ui::Icon {
        ui::Icon(name, "")
    }

    /// An icon of one and a half times the size.
    pub fn icon_lg(&self, name: &'static str) -> ui::Icon {
        ui::Icon(name, " icon-lg")
    }

    /// The address of a browser-side file.
    pub fn asset(&self, name: &str) -> &'static str {
        assets::path(name)
    }

    /// Texts of the browser's scripts.
    pub fn client_texts(&self) -> &'static str {
        bedside_web::I18n::global().client_texts(self.texts.locale)
    }

    /// Whether `path` is this page, for `aria-current`.
    pub fn is_here(&self, path: &str) -> bool {
        self.here == path
    }

    /// Whether this page lies under `path`.
    pub fn is_under(&self, path: &str) -> bool {
        self.here.starts_with(path)
    }

    /// Whether this is one of the pages that tell who has seen what.
    pub fn in_looks(&self) -> bool {
        let rooms = ["looks", "seen", "watch", "disclosures", "access"];
        let room = self.here.strip_prefix("/privacy/");
        room.is_some_and(|room| rooms.iter().any(|one| room.starts_with(one)))
    }

    /// Whether this is one of the pages of incidents.
    pub fn in_breaches(&self) -> bool {
        self.is_under("/privacy/breaches")
    }

    /// The languages to choose from.
    pub fn locales(&self) -> [Locale; 2] {
        Locale::ALL
    }
}

/// Where somebody can go.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what the template asks, one by one"
)]
pub struct Nav {
    /// Whether they see tickets.
    pub tickets: bool,
    /// Whether they can open and change tickets.
    pub write: bool,
    /// Whether they see patients.
    pub patients: bool,
    /// Whether they see settings.
    pub settings: bool,
    /// Whether they read the audit log.
    pub audit: bool,
    /// Whether they watch over who sees what.
    pub looks: bool,
    /// Whether they sign off the exceptions that others took.
    pub reviews: bool,
    /// Those that wait for it.
    pub to_review: i64,
    /// Whether they can add and change patients.
    pub patients_write: bool,
    /// Whether they decide what patients ask for their data.
    pub privacy: bool,
    /// What waits for them there.
    pub privacy_open: Waiting,
    /// Incidents that may be breaches and are not closed.
    pub breaches: Waiting,
    /// Unusual looks that wait for somebody.
    pub to_look: i64,
    /// Their own tickets.
    pub mine: i64,
    /// Active crises, in whatever queue.
    pub crises: i64,
    /// The number of the newest event when they were counted.
    pub counted_at: i64,
    /// The queues.
    pub queues: Vec<NavQueue>,
}

/// A queue in the navigation.
#[derive(Clone, Debug)]
pub struct NavQueue {
    /// Its id.
    pub id: QueueId,
    /// Its page.
    pub href: String,
    /// Its name in the reader's language.
    pub name: String,
    /// Active tickets, up to [`COUNTED`].
    pub count: i64,
    /// Whether it is the one for emergencies.
    pub crisis: bool,
}

impl Nav {
    async fn load(page: &Page, clinic: &crate::orgs::Clinic) -> Result<Self, DeskError> {
        let allowed = page.ctx.permissions();
        let mut nav = Self {
            tickets: allowed.has(Permission::TicketsRead),
            write: allowed.has(Permission::TicketsWrite),
            patients: allowed.has(Permission::PatientsRead),
            settings: allowed.has(Permission::SettingsRead),
            audit: allowed.has(Permission::AuditRead),
            looks: allowed.has(Permission::PrivacyReview),
            reviews: allowed.has(Permission::ExceptionsReview),
            to_review: exceptions::count_waiting(&page.app, &page.ctx, COUNTED).await?,
            patients_write: allowed.has(Permission::PatientsWrite),
            privacy: allowed.has(Permission::PrivacyManage),
            privacy_open: privacy::requests::count_open(&page.app, &page.ctx, COUNTED).await?,
            breaches: privacy::breaches::count_open(&page.app, &page.ctx, COUNTED).await?,
            to_look: privacy::watch::count_waiting(&page.app, &page.ctx, COUNTED).await?,
            ..Self::default()
        };
        let (true, Some(me)) = (nav.tickets, page.ctx.actor.staff()) else {
            return Ok(nav);
        };
        // Read before the counts, so that what happens in between is told again rather than missed.
        nav.counted_at = events::latest(&page.app, page.ctx.organisation).await?;
        let own = clinic
            .queues
            .iter()
            .filter(|queue| page.ctx.reaches(queue.id));
        let own: Vec<&Queue> = own.collect();
        let hears = own.iter().find(|queue| queue.purpose == purpose::CRISIS);
        // Whoever has some queues counts the crises of theirs: all stand in one.
        let endangered = match hears {
            Some(queue) if page.ctx.reach().queues != Queues::All => View::Queue(queue.id),
            _ => View::Crisis,
        };
        let mut views = vec![View::Assignee(me), endangered];
        views.extend(own.iter().map(|queue| View::Queue(queue.id)));
        let mut counts = tickets::counts(&page.app, &page.ctx, &views, COUNTED)
            .await?
            .into_iter();
        nav.mine = counts.next().unwrap_or(0);
        let crises = counts.next().unwrap_or(0);
        nav.crises = if hears.is_some() { crises } else { 0 };
        nav.queues = own
            .iter()
            .zip(counts)
            .map(|(queue, count)| NavQueue {
                id: queue.id,
                href: format!("/inbox/queue/{}", queue.code),
                name: queue.names.in_locale(page.ctx.locale).to_owned(),
                count,
                crisis: queue.purpose == purpose::CRISIS,
            })
            .collect();
        Ok(nav)
    }

    /// A count as shown: nothing for none, "99+" for many.
    pub fn shown(&self, count: &i64) -> String {
        match *count {
            0 => String::new(),
            count if count >= COUNTED => format!("{}+", COUNTED - 1),
            count => count.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_own_paths_are_followed() {
        assert_eq!(safe_path(Some("/tickets/12?x=1")), "/tickets/12?x=1");
        for bad in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "",
            "tickets",
            "/a b",
            "/\r\nx: y",
        ] {
            assert_eq!(safe_path(Some(bad)), "/", "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_next_stays_on_this_host(text in ".{0,80}") {
            let path = safe_path(Some(&text));
            prop_assert!(path.starts_with('/') && !path.starts_with("//") && !path.contains('\\'));
        }
    }
}
