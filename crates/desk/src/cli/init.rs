//! `bedside init`

use super::{Failure, Global, finish, make_organisation, say, say_json};
use crate::context::{Ctx, Source};
use crate::names;
use crate::staff::{self, NewStaff};
use crate::startup;
use bedside_db::SystemClock;
use bedside_web::Locale;
use clap::Args;
use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// How long the first link works, in seconds.
pub(super) const LINK_SECONDS: i64 = 72 * 3600;

/// Makes the folder, the root key, the clinic and its first administrator. Asks for what is not given.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// Mail address of the first administrator
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Name of the first administrator
    #[arg(long)]
    name: Option<String>,
    /// Language of the first administrator's pages (en or es)
    #[arg(long, default_value = "en")]
    language: Locale,
    /// Name of the clinic [default: as in the clinic's files]
    #[arg(long, value_name = "NAME")]
    clinic_name: Option<String>,
    /// Short name of the clinic in addresses
    #[arg(long, default_value = "clinic")]
    slug: String,
    /// Folder with your own clinic files, a changed copy of clinic/
    #[arg(long, value_name = "FOLDER")]
    clinic: Option<PathBuf>,
    /// Address that people will use, such as <https://desk.clinic.example>
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

impl Init {
    pub(super) async fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let mut config = global.config_with(None, self.public_url)?;
        if self.clinic.is_some() {
            config.clinic = self.clinic;
        }
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.slug.is_empty() || self.slug.len() > 40 || !self.slug.chars().all(plain) {
            return Err(Failure::usage(
                "A short name has up to 40 small letters, digits and dashes.",
            ));
        }
        let email = given(
            self.email,
            "--email",
            "Mail address of the first administrator",
        )?;
        let name = given(self.name, "--name", "Name of the first administrator")?;
        let new = NewStaff {
            email,
            name,
            role: staff::ADMINISTRATOR.to_owned(),
            locale: self.language,
        };
        // Before anything is made: a wrong address or name must not leave half a desk behind.
        new.checked_email()?;
        if let Some(name) = &self.clinic_name {
            names::checked(name)?;
        }
        let (app, _) = startup::open(config, Arc::new(SystemClock)).await?;
        if !app.directory.all().is_empty() {
            super::close(&app).await;
            return Err(Failure::usage(
                "There is a desk here already. Run `bedside serve`, or choose another folder with --data.",
            ));
        }
        let organisation = make_organisation(&app, &self.slug, self.clinic_name).await?;
        let ctx = Ctx::system(organisation, "command-line", Source::CommandLine);
        let person = staff::create(&app, &ctx, new).await?;
        let expires = app.now().plus_seconds(LINK_SECONDS);
        let token = staff::make_link(&app, &ctx, person, false, expires).await?;
        let link = app.config.sign_in_link(&token);
        let given = std::env::var_os("BEDSIDE_ROOT_KEY").is_some();
        let salted = !given && std::env::var_os("BEDSIDE_PASSPHRASE").is_some();
        let key = (!given && !salted).then(|| app.config.key_file());
        let salt = salted.then(|| startup::salt_file(&app.config));
        if self.json {
            say_json(&serde_json::json!({
                "organisation": organisation,
                "administrator": person,
                "link": link,
                "link_expires": expires.to_string(),
                "key_file": key,
                "salt_file": salt,
            }));
        } else {
            say(format!(
                "The desk is set up in {}.",
                app.config.data.display()
            ));
            if let Some(key) = key {
                say(format!(
                    "\nThe root key is in {}. Keep a copy of it apart from the data, now:\nwithout it nobody can read \
                     the data, and with it a stolen copy can be read.",
                    key.display()
                ));
            }
            if let Some(salt) = salt {
                say(format!(
                    "\nThe salt of your passphrase is in {}. It is no secret. Keep a copy of it apart from the data, now:\n\
                     without it the passphrase opens nothing.",
                    salt.display()
                ));
            }
            say(
                "\nStart the desk with `bedside serve`, then sign in with this link. It works once, for three days:\n",
            );
            say(format!("  {link}"));
        }
        finish(&app).await
    }
}

/// What was given with `flag`, or what somebody at the terminal answers to `question`.
fn given(value: Option<String>, flag: &str, question: &str) -> Result<String, Failure> {
    if let Some(value) = value {
        return Ok(value);
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(format!(
            "{question} is needed: give it with {flag}."
        )));
    }
    let _ = write!(std::io::stderr(), "{question}: ");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
