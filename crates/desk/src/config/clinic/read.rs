//! One function for each file: its form, then what it has to agree with.

use super::{
    BTreeMap, BTreeSet, CATEGORY_CODES, Category, Checks, ClockKind, Date, Deserialize,
    EmergencyNumbers, File, Holiday, Hours, LoadError, Locale, Localized, Profile, Queue,
    SavedReply, Spanned, Target, Template, TemplateText, Urgency, Window,
};

/// Longest target: 90 days.
const MAX_MINUTES: u32 = 90 * 24 * 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProfile {
    name: Spanned<String>,
    time_zone: Spanned<String>,
    default_language: Spanned<String>,
    phone: String,
    emergency: EmergencyNumbers,
}

pub(super) fn profile(file: &File<'_>) -> Result<Profile, LoadError> {
    let raw: RawProfile = file.toml()?;
    if raw.name.get_ref().trim().is_empty() {
        return Err(file.error(raw.name.span(), "the clinic needs a name"));
    }
    let zone = raw.time_zone.get_ref();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    if zone.is_empty() || !zone.chars().all(plain) {
        return Err(file.error(
            raw.time_zone.span(),
            "a time zone looks like America/New_York",
        ));
    }
    if raw.default_language.get_ref().parse::<Locale>().is_err() {
        return Err(file.error(
            raw.default_language.span(),
            "the default language isn't among those of the program",
        ));
    }
    Ok(Profile {
        name: raw.name.into_inner(),
        time_zone: raw.time_zone.into_inner(),
        default_language: raw.default_language.into_inner(),
        phone: raw.phone,
        emergency: raw.emergency,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawQueues {
    queue: Vec<RawQueue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawQueue {
    code: Spanned<String>,
    name: Spanned<Localized>,
    order: u16,
    purpose: String,
}

pub(super) fn queues(file: &File<'_>, languages: &[&str]) -> Result<Vec<Queue>, LoadError> {
    let raw: RawQueues = file.toml()?;
    let mut used = BTreeSet::new();
    let mut queues = Vec::new();
    for queue in raw.queue {
        queues.push(Queue {
            code: file.code(&queue.code, &mut used)?,
            name: file.localized(queue.name, languages)?,
            order: queue.order,
            purpose: queue.purpose,
        });
    }
    for needed in ["crisis", "needs_a_look"] {
        if !used.contains(needed) {
            return Err(file.error(
                0..0,
                format!("the queue \"{needed}\" is missing; the desk can't work without it"),
            ));
        }
    }
    queues.sort_by_key(|q| q.order);
    Ok(queues)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCategories {
    category: Vec<RawCategory>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCategory {
    code: Spanned<String>,
    queue: Spanned<String>,
    name: Spanned<Localized>,
    clinical: bool,
}

pub(super) fn categories(
    file: &File<'_>,
    languages: &[&str],
    queues: &[Queue],
) -> Result<Vec<Category>, LoadError> {
    let raw: RawCategories = file.toml()?;
    let mut used = BTreeSet::new();
    let mut categories = Vec::new();
    for category in raw.category {
        known_category(file, &category.code)?;
        let queue = category.queue.get_ref();
        if !queues.iter().any(|q| q.code == *queue) {
            return Err(file.error(
                category.queue.span(),
                format!("there is no queue \"{queue}\" in queues.toml"),
            ));
        }
        categories.push(Category {
            code: file.code(&category.code, &mut used)?,
            queue: category.queue.into_inner(),
            name: file.localized(category.name, languages)?,
            clinical: category.clinical,
        });
    }
    match CATEGORY_CODES.iter().find(|code| !used.contains(**code)) {
        Some(missing) => Err(file.error(0..0, format!("the category \"{missing}\" is missing"))),
        None => Ok(categories),
    }
}

fn known_category(file: &File<'_>, code: &Spanned<String>) -> Result<(), LoadError> {
    if CATEGORY_CODES.contains(&code.get_ref().as_str()) {
        return Ok(());
    }
    Err(file.error(
        code.span(),
        format!("there is no category \"{}\"", code.get_ref()),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHours {
    week: RawWeek,
    #[serde(default)]
    holiday: Vec<RawHoliday>,
}

type RawWindows = Vec<Spanned<String>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct RawWeek {
    monday: RawWindows,
    tuesday: RawWindows,
    wednesday: RawWindows,
    thursday: RawWindows,
    friday: RawWindows,
    saturday: RawWindows,
    sunday: RawWindows,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHoliday {
    date: Spanned<Date>,
    #[serde(default)]
    windows: RawWindows,
}

pub(super) fn hours(file: &File<'_>) -> Result<Hours, LoadError> {
    let raw: RawHours = file.toml()?;
    let w = raw.week;
    let mut week: [Vec<Window>; 7] = Default::default();
    for (day, raw) in week.iter_mut().zip([
        w.monday,
        w.tuesday,
        w.wednesday,
        w.thursday,
        w.friday,
        w.saturday,
        w.sunday,
    ]) {
        *day = windows(file, &raw)?;
    }
    if week.iter().all(Vec::is_empty) {
        return Err(file.error(
            0..0,
            "the clinic is never open; clocks in business minutes would never run out",
        ));
    }
    let mut holidays: BTreeMap<Date, Holiday> = BTreeMap::new();
    for holiday in raw.holiday {
        let (at, date) = (holiday.date.span(), holiday.date.into_inner());
        let windows = windows(file, &holiday.windows)?;
        if holidays.insert(date, Holiday { date, windows }).is_some() {
            return Err(file.error(at, format!("the day {date} is there twice")));
        }
    }
    Ok(Hours {
        week,
        holidays: holidays.into_values().collect(),
    })
}

fn windows(file: &File<'_>, raw: &RawWindows) -> Result<Vec<Window>, LoadError> {
    let mut windows: Vec<Window> = Vec::new();
    for text in raw {
        let error =
            |reason: &str| file.error(text.span(), format!("\"{}\": {reason}", text.get_ref()));
        let (start, end) = text
            .get_ref()
            .split_once('-')
            .and_then(|(start, end)| Some((minutes(start)?, minutes(end)?)))
            .ok_or_else(|| error("a window looks like 08:00-12:30"))?;
        if start >= end {
            return Err(error("the window ends before it begins"));
        }
        if windows.last().is_some_and(|before| before.end > start) {
            return Err(error("the windows of a day must follow one another"));
        }
        windows.push(Window { start, end });
    }
    Ok(windows)
}

/// `HH:MM` as minutes since midnight, up to 24:00.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let two_digits = |t: &str| {
        (t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit())).then(|| t.parse::<u16>().ok())?
    };
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= 24 * 60).then_some(total)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTargets {
    target: Vec<RawTarget>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTarget {
    urgency: Spanned<Urgency>,
    #[serde(default)]
    categories: Vec<Spanned<String>>,
    clock: ClockKind,
    first_response: u32,
    next_response: u32,
    resolution: u32,
}

pub(super) fn targets(file: &File<'_>) -> Result<Vec<Target>, LoadError> {
    let raw: RawTargets = file.toml()?;
    let mut targets: Vec<Target> = Vec::new();
    for target in raw.target {
        let at = target.urgency.span();
        for category in &target.categories {
            known_category(file, category)?;
        }
        let t = Target {
            urgency: target.urgency.into_inner(),
            categories: target
                .categories
                .into_iter()
                .map(Spanned::into_inner)
                .collect(),
            clock: target.clock,
            first_response: target.first_response,
            next_response: target.next_response,
            resolution: target.resolution,
        };
        let all = [t.first_response, t.next_response, t.resolution];
        if all.contains(&0) || all.iter().any(|&m| m > MAX_MINUTES) {
            return Err(file.error(at, format!("minutes must be between 1 and {MAX_MINUTES}")));
        }
        if t.first_response > t.resolution {
            return Err(file.error(
                at,
                "a request is answered, then settled: the minutes must grow",
            ));
        }
        if t.urgency == Urgency::Emergency && t.clock == ClockKind::Business {
            return Err(file.error(
                at,
                "the clock of an emergency never stops: use clock = \"always\"",
            ));
        }
        if targets
            .iter()
            .any(|before| before.urgency == t.urgency && before.categories.is_empty())
        {
            return Err(file.error(
                at,
                "a target above already fits everything of this urgency; put this one higher",
            ));
        }
        targets.push(t);
    }
    for (urgency, name) in [
        (Urgency::Emergency, "emergency"),
        (Urgency::Urgent, "urgent"),
        (Urgency::Standard, "standard"),
        (Urgency::Low, "low"),
    ] {
        if !targets
            .iter()
            .any(|t| t.urgency == urgency && t.categories.is_empty())
        {
            return Err(file.error(
                0..0,
                format!("a target for every category is missing for the urgency \"{name}\""),
            ));
        }
    }
    Ok(targets)
}

#[derive(Deserialize)]
struct RawTemplate {
    variables: Vec<Spanned<String>>,
    #[serde(flatten)]
    texts: BTreeMap<String, RawTemplateText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTemplateText {
    subject: String,
    body: String,
}

pub(super) fn template(
    file: &File<'_>,
    languages: &[&str],
    offered: &[&str],
) -> Result<Template, LoadError> {
    let raw: RawTemplate = file.toml()?;
    for variable in &raw.variables {
        if !offered.contains(&variable.get_ref().as_str()) {
            let reason = format!(
                "\"{}\" can't be used here; there are {}",
                variable.get_ref(),
                offered.join(", ")
            );
            return Err(file.error(variable.span(), reason));
        }
    }
    let variables: Vec<String> = raw.variables.into_iter().map(Spanned::into_inner).collect();
    if let Some(missing) = languages.iter().find(|&&l| !raw.texts.contains_key(l)) {
        return Err(file.error(0..0, format!("the text in \"{missing}\" is missing")));
    }
    let mut texts = BTreeMap::new();
    for (language, text) in raw.texts {
        for part in [&text.subject, &text.body] {
            uses_only(file, part, &variables)?;
        }
        let at = file.text().find(&format!("[{language}]")).unwrap_or(0);
        if text.subject.trim().is_empty()
            || text.subject.contains('\n')
            || text.body.trim().is_empty()
        {
            return Err(file.error(
                at..at,
                "the subject is one line, and neither it nor the body is empty",
            ));
        }
        texts.insert(
            language,
            TemplateText {
                subject: text.subject,
                body: text.body,
            },
        );
    }
    Ok(Template { variables, texts })
}

/// Refuses a plain `{{ name }}` that isn't listed. Expressions are left to the template engine.
fn uses_only(file: &File<'_>, text: &str, variables: &[String]) -> Result<(), LoadError> {
    for piece in text.split("{{").skip(1) {
        let expression = piece.split("}}").next().unwrap_or(piece);
        let name = expression.split('|').next().unwrap_or(expression).trim();
        if !variables.iter().any(|v| v == name) {
            let at = file.text().find(&format!("{{{{{expression}")).unwrap_or(0);
            return Err(file.error(
                at..at,
                format!("\"{name}\" is used but isn't among the variables of this file"),
            ));
        }
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReplies {
    variables: Vec<String>,
    reply: Vec<RawReply>,
}

#[derive(Deserialize)]
struct RawReply {
    code: Spanned<String>,
    title: Spanned<Localized>,
    #[serde(flatten)]
    text: Localized,
}

pub(super) fn saved_replies(
    file: &File<'_>,
    languages: &[&str],
) -> Result<Vec<SavedReply>, LoadError> {
    let raw: RawReplies = file.toml()?;
    let mut used = BTreeSet::new();
    let mut replies = Vec::new();
    for reply in raw.reply {
        for text in reply.text.values() {
            uses_only(file, text, &raw.variables)?;
        }
        let text = file.localized(Spanned::new(reply.code.span(), reply.text), languages)?;
        replies.push(SavedReply {
            code: file.code(&reply.code, &mut used)?,
            title: file.localized(reply.title, languages)?,
            text,
        });
    }
    Ok(replies)
}
