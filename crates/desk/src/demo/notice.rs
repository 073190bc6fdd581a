//! What the invented clinic tells its patients of their data.

use super::history::Colleague;
use crate::app::App;
use crate::error::DeskError;
use crate::ids::OrganisationId;
use crate::privacy::notices::{self, PRIVACY, Text};
use bedside_web::Locale;
use std::collections::BTreeMap;

/// Title and words, by language.
const WORDS: [(Locale, &str, &str); 2] = [
    (
        Locale::En,
        "How Riverside uses and protects your data",
        include_str!("texts/notice_en.md"),
    ),
    (
        Locale::Es,
        "Cómo usa y protege Riverside sus datos",
        include_str!("texts/notice_es.md"),
    ),
];

/// Publishes it as a colleague who may.
pub(super) async fn publish(
    app: &App,
    organisation: OrganisationId,
    colleague: &Colleague,
) -> Result<(), DeskError> {
    let ctx = colleague.ctx(organisation);
    let id = notices::begin(app, &ctx, PRIVACY).await?;
    let words = WORDS.map(|(locale, title, body)| {
        let text = Text {
            title: title.to_owned(),
            body: body.to_owned(),
            changes: String::new(),
        };
        (locale, text.tidy())
    });
    let version = notices::notice(app, &ctx, id).await?.notice.version;
    notices::save(app, &ctx, (id, version), BTreeMap::from(words)).await?;
    notices::publish(app, &ctx, (id, version + 1)).await
}
