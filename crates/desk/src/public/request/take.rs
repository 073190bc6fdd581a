//! A checked form becomes a request.

use super::super::caps::{PER_ADDRESS, PER_NETWORK};
use super::super::files::{self, Sent};
use super::super::heard;
use super::super::shell::Shell;
use super::form::{Form, Pass};
use crate::app::App;
use crate::error::DeskError;
use crate::ids::TicketId;
use crate::once::words_of_files;
use crate::patients;
use crate::tickets::{self, NewTicket};
use crate::timeline;
use crate::timeline::files::Way;
use bedside_codecs::mail::address::Address;
use bedside_language::Channel;
use bedside_vault::normalise;
use bytes::Bytes;
use std::net::IpAddr;

/// The name of the forms' own ids among the external ids.
const EXTERNAL: &str = "web_form";
/// Two first requests of one new person at the same moment: the later one looks again.
const ATTEMPTS: usize = 3;

/// Opens the request, or finds the one that the same form has opened already.
pub async fn take(
    app: &App,
    shell: &Shell,
    form: &Form,
    pass: &Pass,
    network: Option<IpAddr>,
    sent: &Sent,
) -> Result<TicketId, DeskError> {
    let delivery = delivery(app, form, (pass, network), &sent.files);
    if let Some(earlier) = earlier(app, shell, &delivery).await? {
        return Ok(earlier);
    }
    if !pass.is_ours() {
        heard::take_one(app, shell, network)?;
    }
    let address = if form.email.is_empty() {
        String::new()
    } else {
        let address = Address::parse(&form.email)?;
        normalise::email(address.as_str()).unwrap_or_default()
    };
    if let Err(too_often) = within_caps(app, shell, network, address)
        && !form.is_urgent(app, shell).await
    {
        return Err(too_often);
    }
    let mut attempt = 1;
    loop {
        match open(app, shell, form, delivery.clone(), sent).await {
            Err(DeskError::Unavailable(_)) if attempt < ATTEMPTS => attempt += 1,
            Err(DeskError::Conflict {
                code: "duplicate", ..
            }) => {
                let missing = || {
                    DeskError::Internal("a form that was taken in and can't be found".to_owned())
                };
                return earlier(app, shell, &delivery).await?.ok_or_else(missing);
            }
            opened => return opened,
        }
    }
}

fn within_caps(
    app: &App,
    shell: &Shell,
    network: Option<IpAddr>,
    address: String,
) -> Result<(), DeskError> {
    let (organisation, now) = (shell.clinic.id.uuid(), app.now());
    if let Some(network) = network {
        app.caps
            .take(("request", organisation, network), PER_NETWORK, now)?;
    }
    app.caps
        .take(("request", organisation, address), PER_ADDRESS, now)
}

/// What makes two deliveries the same request: the page they were typed on and everything that was typed. Other words on
/// the same page, after a step back, are another request.
fn delivery(
    app: &App,
    form: &Form,
    (pass, network): (&Pass, Option<IpAddr>),
    sent: &[(String, Bytes)],
) -> String {
    let files = sent.iter();
    let files = words_of_files(files.map(|(name, bytes)| (name.as_str(), bytes.as_ref())));
    let Form {
        name,
        email,
        category,
        message,
        ..
    } = form;
    format!(
        "{} {name:?} {email:?} {category:?} {message:?} {files}",
        match pass.nonce() {
            "" => heard::page_of(app, network),
            nonce => nonce.to_owned(),
        }
    )
}

async fn earlier(app: &App, shell: &Shell, delivery: &str) -> Result<Option<TicketId>, DeskError> {
    let known = timeline::known_external(app, shell.clinic.id, EXTERNAL, delivery).await?;
    Ok(known.and_then(|(ticket, _)| ticket))
}

async fn open(
    app: &App,
    shell: &Shell,
    form: &Form,
    delivery: String,
    sent: &Sent,
) -> Result<TicketId, DeskError> {
    let (organisation, locale) = (shell.clinic.id, shell.t.locale);
    let requester = if form.email.is_empty() {
        patients::requester_without_address(app).named(&form.name)
    } else {
        let name = Some(form.name.as_str());
        patients::requester_by_email(app, organisation, &form.email, name, Some(locale))
            .await?
            // Anybody can type any address: nothing of its patient stands beside these words until somebody looked.
            .without_patient(app, organisation)
            .await?
    };
    let danger = form.is_urgent(app, shell).await;
    let whose = (requester.contact, Way::Form);
    let brought = files::within_quota(app, organisation, whose, sent, danger).await?;
    let attachments = files::keep(app, organisation, &requester.sealing, brought.files).await?;
    let (body, said) = heard::kept_with(&form.message, &brought.instead);
    let mut new = NewTicket::new(requester, Channel::WebForm, "", body);
    new.said = said;
    new.called.clone_from(&form.called);
    new.locale = Some(locale);
    new.category = Some(form.category.clone()).filter(|code| !code.is_empty());
    new.attachments = attachments;
    new.external = Some((EXTERNAL, delivery));
    let cry = if danger {
        form.cry_in_name(app, shell).await
    } else {
        String::new()
    };
    let new = new
        .with_typed_name(shell.clinic.locale, &cry)
        .with_typed(shell.clinic.locale, &form.unusable);
    Ok(tickets::create(app, &shell.ctx(), new).await?.id)
}
