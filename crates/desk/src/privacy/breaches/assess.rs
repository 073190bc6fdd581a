//! The assessment by the four factors, and the second person's word on it.

use super::model::{Assessment, Conclusion, Exception, Risk, State, Words, check};
use super::service::{held, keep, person, sealing};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::BreachId;
use futures_util::FutureExt;
use serde_json::json;

/// An assessment as somebody says it.
pub struct Said {
    /// How much risk each factor says, in the order of [`super::Factor::ALL`].
    pub risks: [Risk; 4],
    /// The words.
    pub words: Words,
    /// What it is.
    pub conclusion: Conclusion,
    /// Which exception.
    pub exception: Option<Exception>,
    /// Whether the risk for people is high (GDPR Art. 34).
    pub high_risk: bool,
}

/// Assesses an incident, anew too as long as nobody has signed.
///
/// # Errors
/// [`DeskError::Invalid`] for what doesn't follow from the factors; [`DeskError::Conflict`] once two persons have decided.
pub async fn assess(
    app: &App,
    ctx: &Ctx,
    (id, version): (BreachId, i64),
    said: Said,
) -> Result<(), DeskError> {
    let by = person(ctx)?;
    let words = serde_json::to_string(&said.words)?;
    app.command(ctx, move |work| {
        async move {
            let mut breach = held(work, id, version).await?;
            check(
                breach.law,
                said.risks,
                &said.words,
                said.conclusion,
                said.exception,
            )?;
            breach.may_assess()?;
            let key = sealing(work, &breach).await?;
            breach.state = State::Assessed;
            breach.assessment = Some(Assessment {
                risks: said.risks,
                words: key.text("breaches", "words", id, &words),
                conclusion: said.conclusion,
                exception: said.exception,
                high_risk: said.high_risk,
                by,
                at: work.now,
            });
            let detail = json!({
                "conclusion": said.conclusion.code(),
                "exception": said.exception.map(Exception::code),
                "risks": said.risks.map(Risk::code),
            });
            keep(work, &breach, "breach.assess", &detail).await
        }
        .boxed()
    })
    .await
}

/// Signs the assessment, so that it counts, or sends it back.
///
/// # Errors
/// [`DeskError::Conflict`] with `same_person` for whoever made it, which is written down, and where nothing waits.
pub async fn sign(
    app: &App,
    ctx: &Ctx,
    (id, version): (BreachId, i64),
    yes: bool,
) -> Result<(), DeskError> {
    let by = person(ctx)?;
    let done = app
        .command(ctx, move |work| {
            async move {
                let mut breach = held(work, id, version).await?;
                breach.may_sign(by)?;
                breach.state = if yes { State::Decided } else { State::Open };
                breach.signed = yes.then_some((by, work.now));
                let concluded = breach.assessment.as_ref().map(|one| one.conclusion.code());
                let detail = json!({ "yes": yes, "conclusion": concluded });
                keep(work, &breach, "breach.sign", &detail).await
            }
            .boxed()
        })
        .await;
    if matches!(&done, Err(DeskError::Conflict { code, .. }) if *code == "same_person") {
        let entry = NewEntry::new("breach.sign", "breach", id);
        app.audit(ctx, entry.outcome(Outcome::Denied)).await?;
    }
    done
}
