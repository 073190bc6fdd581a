//! `bedside user`

use super::{Failure, Global, finish, say, say_json};
use crate::app::App;
use crate::context::Ctx;
use crate::staff::{self, NewStaff, StaffView};
use bedside_web::Locale;
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// Manages the people who work at the desk.
#[derive(Debug, Args)]
pub(super) struct User {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add somebody; prints the link with which they come in
    Add {
        /// Mail address they sign in with
        email: String,
        /// Name that colleagues and patients see
        #[arg(long)]
        name: String,
        /// What they are: agent, nurse, counsellor, supervisor, compliance, administrator, or a role of the clinic's own
        #[arg(long, default_value = "agent")]
        role: String,
        /// Language of their pages (en or es)
        #[arg(long, default_value = "en")]
        language: Locale,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// List everybody
    List {
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Let somebody in no more; their sessions end at once
    Disable {
        /// Their mail address
        email: String,
    },
    /// Let somebody in again who was locked out, with the password they had
    Enable {
        /// Their mail address
        email: String,
    },
    /// Take the second factor, passkeys too, from somebody who lost it; they sign in with their password alone then
    ResetSecondFactor {
        /// Their mail address
        email: String,
    },
    /// Print a link with which somebody comes in once and sets a new password
    PasswordLink {
        /// Their mail address
        email: String,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
}

impl User {
    pub(super) async fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let app = global.open().await?;
        let ctx = global.ctx(&app)?;
        match self.action {
            Action::Add {
                email,
                name,
                role,
                language,
                json,
            } => {
                known(&app, &ctx, &role)?;
                let id = staff::create(
                    &app,
                    &ctx,
                    NewStaff {
                        email,
                        name,
                        role,
                        locale: language,
                    },
                )
                .await?;
                tell_link(&app, &ctx, id, json).await?;
            }
            Action::List { json } => list(&staff::list(&app, &ctx).await?, json),
            Action::Disable { email } => {
                let person = find(&app, &ctx, &email).await?;
                staff::disable(&app, &ctx, person.id).await?;
                say(format!("{} can't come in any more.", person.name));
            }
            Action::Enable { email } => {
                let person = find(&app, &ctx, &email).await?;
                staff::enable(&app, &ctx, person.id).await?;
                say(format!("{} can come in again.", person.name));
            }
            Action::ResetSecondFactor { email } => {
                let person = find(&app, &ctx, &email).await?;
                staff::reset_factor(&app, &ctx, person.id, staff::Evidence::Machine).await?;
                say(format!(
                    "{} signs in with their password alone now, and sets up a new second factor where their role needs one.",
                    person.name
                ));
            }
            Action::PasswordLink { email, json } => {
                let person = find(&app, &ctx, &email).await?;
                if person.disabled_at.is_some() {
                    return Err(Failure::new(1, "This person can't come in any more."));
                }
                tell_link(&app, &ctx, person.id, json).await?;
            }
        }
        finish(&app).await
    }
}

/// Says which roles there are where this is none of them.
fn known(app: &App, ctx: &Ctx, role: &str) -> Result<(), Failure> {
    let clinic = app.directory.of(ctx.organisation)?;
    if clinic.role(role).is_some() {
        return Ok(());
    }
    let codes: Vec<_> = clinic.roles.iter().map(|role| role.code.as_str()).collect();
    let text = format!("There is no role {role:?}. There are {}.", codes.join(", "));
    Err(Failure::new(2, text))
}

async fn find(app: &App, ctx: &Ctx, email: &str) -> Result<StaffView, Failure> {
    let email = bedside_vault::normalise::email(email).unwrap_or_default();
    let everybody = staff::list(app, ctx).await?;
    everybody
        .into_iter()
        .find(|person| person.email == email)
        .ok_or_else(|| {
            Failure::new(
                1,
                "Nobody here has this address. `bedside user list` shows everybody.",
            )
        })
}

async fn tell_link(
    app: &App,
    ctx: &Ctx,
    id: crate::ids::StaffId,
    json: bool,
) -> Result<(), Failure> {
    let expires = app.now().plus_seconds(super::init::LINK_SECONDS);
    let token = staff::make_link(app, ctx, id, false, expires).await?;
    let link = app.config.sign_in_link(&token);
    if json {
        say_json(
            &serde_json::json!({ "id": id, "link": link, "link_expires": expires.to_string() }),
        );
    } else {
        say(format!("This link works once, for three days:\n\n  {link}"));
    }
    Ok(())
}

fn list(everybody: &[StaffView], json: bool) {
    if json {
        say_json(&everybody);
        return;
    }
    for person in everybody {
        let out = if person.disabled_at.is_some() {
            "  (disabled)"
        } else {
            ""
        };
        say(format!(
            "{:<14} {:<28} {}{out}",
            person.role, person.name, person.email
        ));
    }
}
