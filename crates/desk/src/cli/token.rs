//! `bedside token`

use super::{Failure, Global, finish, say, say_json};
use crate::app::App;
use crate::context::Ctx;
use crate::context::{Permission, Permissions};
use crate::ids::ApiTokenId;
use crate::ids::QueueId;
use crate::staff::{self, INTEGRATION, INTEGRATION_WORD, NewToken, Queues};
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// Manages the keys with which other systems use the API.
#[derive(Debug, Args)]
pub(super) struct Token {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a token; it is shown once
    Create {
        /// What it is for
        name: String,
        /// What it may do, such as "tickets:read tickets:write"; "integration" is what most systems need, these two
        #[arg(long, value_parser = scopes)]
        scopes: Permissions,
        /// Codes of the queues whose requests it reaches, such as "billing,records" [default: all]
        #[arg(long, value_delimiter = ',')]
        queues: Option<Vec<String>>,
        /// Days until it ends, at most a year [default: 365]
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=365))]
        expires: Option<u16>,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// List all tokens, without their secrets
    List {
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a token back; it stops working with the next request
    Revoke {
        /// Its id, from `token list`
        id: ApiTokenId,
    },
}

fn scopes(text: &str) -> Result<Permissions, String> {
    if text == INTEGRATION_WORD {
        return Ok(Permissions::of(INTEGRATION));
    }
    let codes: Vec<_> = Permission::ALL.iter().map(|one| one.code()).collect();
    let scopes = Permissions::parse(&text.replace(',', " "))
        .map_err(|code| format!("\"{code}\" is no scope; there is {}", codes.join(", ")))?;
    if scopes == Permissions::NONE {
        return Err(format!("give at least one of {}", codes.join(", ")));
    }
    Ok(scopes)
}

/// The queue with this code.
fn queue(app: &App, ctx: &Ctx, code: &str) -> Result<QueueId, Failure> {
    let clinic = app.directory.of(ctx.organisation)?;
    let codes: Vec<_> = clinic
        .queues
        .iter()
        .map(|queue| queue.code.as_str())
        .collect();
    let found = clinic.queues.iter().find(|queue| queue.code == code);
    found.map(|queue| queue.id).ok_or_else(|| {
        Failure::usage(format!(
            "\"{code}\" is no queue; there is {}",
            codes.join(", ")
        ))
    })
}

impl Token {
    pub(super) async fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let app = global.open().await?;
        let ctx = global.ctx(&app)?;
        match self.action {
            Action::Create {
                name,
                scopes,
                queues,
                expires,
                json,
            } => {
                let queues = match queues {
                    None => Queues::All,
                    Some(codes) => Queues::Only(
                        codes
                            .iter()
                            .map(|code| queue(&app, &ctx, code))
                            .collect::<Result<_, _>>()?,
                    ),
                };
                let expires_at =
                    expires.map(|days| app.now().plus_seconds(i64::from(days) * 86_400));
                let (id, token) = staff::create_token(
                    &app,
                    &ctx,
                    NewToken {
                        name,
                        scopes,
                        queues,
                        expires_at,
                    },
                )
                .await?;
                if json {
                    say_json(
                        &serde_json::json!({ "id": id, "token": token, "scopes": scopes.codes() }),
                    );
                } else {
                    say(format!(
                        "{token}\n\nKeep it now: it is not shown again. Its id is {id}."
                    ));
                }
            }
            Action::List { json } => {
                let all = staff::list_tokens(&app, &ctx).await?;
                if json {
                    say_json(&all);
                }
                for token in all.iter().filter(|_| !json) {
                    let out = match (token.revoked_at, token.expires_at) {
                        (Some(_), _) => "  (revoked)",
                        (None, None) => "  (no end: make a new one)",
                        (None, Some(at)) if at <= app.now() => "  (ended)",
                        _ => "",
                    };
                    say(format!(
                        "{}  {:<24} {}{out}",
                        token.id, token.name, token.scopes
                    ));
                }
            }
            Action::Revoke { id } => {
                staff::revoke_token(&app, &ctx, id).await?;
                say("The token does not work any more.");
            }
        }
        finish(&app).await
    }
}
