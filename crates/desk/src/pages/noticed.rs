//! "I noticed": signs to be careful that no words on the timeline tell.

use super::forms::Form;
use super::layout::Page;
use super::ticket_actions::id_of;
use super::verified::{Verified, flag_key};
use super::verify;
use crate::context::Permission;
use crate::error::DeskError;
use crate::identity::{self, Flag};
use crate::router::{Access, Route};
use axum::extract::Path;
use axum::response::Response;
use serde::Deserialize;

pub(super) fn routes() -> Vec<Route> {
    let write = Access::Staff(Permission::TicketsWrite);
    vec![Route::post(
        "/tickets/{ticket}/verify/noticed",
        write,
        noticed,
    )]
}

/// A sign as it can be ticked.
pub(super) struct Sign {
    pub code: &'static str,
    /// Text key of it.
    pub key: &'static str,
    /// Whether it is there already, by words or because somebody noticed it.
    pub there: bool,
}

/// Text key of a sign as somebody of the staff notices it; those that the desk alone can know read as it tells them.
pub(super) const fn sign_key(flag: Flag) -> &'static str {
    match flag {
        Flag::HungUp => "verify-noticed-hung-up",
        Flag::CallElsewhere => "verify-noticed-call-elsewhere",
        Flag::SeveralAsk
        | Flag::TriedSeveral
        | Flag::TriedOften
        | Flag::NewAddressBefore
        | Flag::NoticedElsewhere => flag_key(flag),
        Flag::UrgentAndSecret => "verify-noticed-urgent-and-secret",
        Flag::AddressAndRecords => "verify-noticed-address-and-records",
        Flag::ManyPatients => "verify-noticed-many-patients",
        Flag::BrokenPhone => "verify-noticed-broken-phone",
        Flag::EarlierLock => "verify-noticed-earlier-lock",
    }
}

/// The signs that people notice. Those that count already can't be ticked, nor taken back.
pub(super) fn signs(verified: &Verified) -> Vec<Sign> {
    let sign = |flag: &Flag| Sign {
        code: flag.code(),
        key: sign_key(*flag),
        there: verified.flags.iter().any(|one| one.flag == *flag),
    };
    Flag::NOTICED.iter().map(sign).collect()
}

#[derive(Deserialize)]
struct Ticked {
    #[serde(default)]
    flag: Vec<String>,
}

async fn noticed(
    page: Page,
    Path(ticket): Path<String>,
    Form(chosen): Form<Ticked>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let kept = identity::notice(&page.app, &page.ctx, id, &chosen.flag).await;
    verify::done(
        &page,
        &ticket,
        verify::Said::default(),
        kept,
        "verify-noticed",
    )
    .await
}
