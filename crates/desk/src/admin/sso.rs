//! Single sign-on: the provider at which people sign in, and which of its groups give which role. The client's secret is never
//! shown again; leaving it empty keeps the one there is.

use super::form::{Edit, Extra, Field, Typed, Wrong, show_form, show_form_saying};
use crate::context::Permission::StaffManage;
use crate::error::DeskError;
use crate::pages::forms::{Form, Nothing};
use crate::pages::layout::{Page, redirect_saying};
use crate::router::{Access, Route};
use crate::staff::Role;
use crate::staff::sso::{self, MAX_GROUPS, NewProvider, ProviderView, Rules};
use axum::response::Response;
use std::sync::Arc;

pub fn routes() -> Vec<Route> {
    let managed = Access::Staff(StaffManage);
    vec![
        Route::get(HERE, managed, show).confirmed(HERE),
        Route::post(HERE, managed, save).confirmed_before(HERE),
        Route::post("/settings/sso/remove", managed, remove).confirmed(HERE),
        Route::post("/settings/sso/test", managed, test).confirmed(HERE),
    ]
}

const HERE: &str = "/settings/sso";
const UP: &str = "/settings";

fn above(page: &Page) -> (String, String) {
    (UP.to_owned(), page.texts().text("nav-settings").to_owned())
}

fn role_input(role: &Role) -> String {
    format!("role_{}", role.code)
}

/// The roles as the table has them: who may do most stands first, because the uppermost that fits counts.
fn roles(page: &Page) -> Result<Vec<Arc<Role>>, DeskError> {
    let mut roles = page.clinic()?.roles.clone();
    roles.reverse();
    Ok(roles)
}

/// A field for each role: the groups that have it.
fn groups(page: &Page, rules: &Rules, who: &'static str) -> Result<Vec<Field>, DeskError> {
    let t = page.texts();
    let mut fields = Vec::new();
    for (number, role) in roles(page)?.iter().enumerate() {
        let given = rules.roles.iter().find(|(code, _)| *code == role.code);
        let groups = given.map(|(_, groups)| groups.join("\n"));
        let label = t.with("admin-sso-role", "role", role.names.in_locale(t.locale));
        let field = Field::area(role_input(role), label, groups.unwrap_or_default(), 2)
            .of(who)
            .optional();
        fields.push(if number == 0 {
            field.help(t.text("admin-sso-role-help"))
        } else {
            field
        });
    }
    Ok(fields)
}

fn form(page: &Page, view: Option<&ProviderView>) -> Result<Edit, DeskError> {
    let t = page.texts();
    let empty = ProviderView {
        issuer: String::new(),
        client: String::new(),
        button: String::new(),
        rules: Rules {
            groups_claim: "groups".to_owned(),
            only_way: true,
            ..Rules::default()
        },
        enabled: false,
        version: 0,
    };
    let new = view.is_none();
    let view = view.unwrap_or(&empty);
    let rules = &view.rules;
    let (at, who, more) = (
        t.text("admin-sso-provider"),
        t.text("admin-sso-roles"),
        t.text("admin-sso-rules"),
    );
    let back = format!("{}{}", page.app.config.public_url, sso::RETURN);
    let secret = Field::line("secret", t.text("admin-sso-secret"), "")
        .kind("password")
        .help(t.text(if new {
            "admin-sso-secret-new"
        } else {
            "admin-sso-secret-help"
        }))
        .of(at);
    let mut fields = vec![
        Field::line("issuer", t.text("admin-sso-issuer"), &view.issuer)
            .kind("url")
            .help(t.text("admin-sso-issuer-help"))
            .of(at)
            .begins(),
        Field::line("client", t.text("admin-sso-client"), &view.client)
            .help(t.with("admin-sso-client-help", "address", back))
            .of(at),
        if new { secret } else { secret.optional() },
        Field::day(
            "secret_ends",
            t.text("admin-sso-secret-ends"),
            rules.secret_ends_at,
            &page.clinic()?.time_zone,
        )
        .help(t.text("admin-secret-ends-help"))
        .of(at),
        Field::line("button", t.text("admin-sso-button"), &view.button)
            .help(t.text("admin-sso-button-help"))
            .of(at),
        Field::line(
            "groups_claim",
            t.text("admin-sso-claim"),
            &rules.groups_claim,
        )
        .help(t.text("admin-sso-claim-help"))
        .of(who)
        .begins(),
    ];
    fields.extend(groups(page, rules, who)?);
    fields.extend([
        Field::check(
            "makes_accounts",
            t.text("admin-sso-makes"),
            rules.makes_accounts,
        )
        .help(t.text("admin-sso-makes-help"))
        .of(more)
        .begins(),
        Field::check("only_way", t.text("admin-sso-only"), rules.only_way)
            .help(t.text("admin-sso-only-help"))
            .of(more),
        Field::area(
            "factor",
            t.text("admin-sso-factor"),
            rules.factor.join("\n"),
            2,
        )
        .help(t.text("admin-sso-factor-help"))
        .of(more)
        .optional(),
        Field::check("enabled", t.text("admin-sso-enabled"), view.enabled)
            .help(t.text("admin-sso-enabled-help"))
            .of(more),
    ]);
    Ok(Edit {
        title: t.text("admin-sso").to_owned(),
        intro: t.text("admin-sso-about").to_owned(),
        fields,
        version: view.version,
        removable: !new,
    })
}

fn extras(page: &Page, view: Option<&ProviderView>) -> Vec<Extra> {
    let t = page.texts();
    let test = view.map(|_| Extra {
        action: format!("{HERE}/test"),
        label: t.text("admin-sso-test").to_owned(),
        help: t.text("admin-sso-test-help").to_owned(),
        danger: false,
        asks: None,
    });
    test.into_iter().collect()
}

/// The lines that are not empty.
fn lines(typed: &Typed, name: &str) -> Vec<String> {
    let lines = typed.get(name).lines().map(str::trim);
    let some = lines.filter(|line| !line.is_empty());
    some.take(MAX_GROUPS + 1).map(str::to_owned).collect()
}

fn read(page: &Page, typed: &Typed) -> Result<NewProvider, DeskError> {
    let given = |role: &Arc<Role>| {
        let groups = lines(typed, &role_input(role));
        (!groups.is_empty()).then(|| (role.code.clone(), groups))
    };
    let secret = Some(typed.get("secret").to_owned());
    let ends = typed.day("secret_ends", &page.clinic()?.time_zone);
    let secret_ends_at = ends.map_err(|_| {
        DeskError::invalid("secret_ends", "bad_date", "Write the day as 2027-03-31.")
    })?;
    Ok(NewProvider {
        view: ProviderView {
            issuer: typed.get("issuer").to_owned(),
            client: typed.get("client").to_owned(),
            button: typed.get("button").to_owned(),
            rules: Rules {
                groups_claim: typed.get("groups_claim").to_owned(),
                roles: roles(page)?.iter().filter_map(given).collect(),
                makes_accounts: typed.ticked("makes_accounts"),
                only_way: typed.ticked("only_way"),
                factor: lines(typed, "factor"),
                secret_ends_at,
            },
            enabled: typed.ticked("enabled"),
            version: typed.version(),
        },
        secret: secret.filter(|secret| !secret.is_empty()),
    })
}

async fn show(page: Page) -> Result<Response, DeskError> {
    let view = sso::view(&page.app, &page.ctx).await?;
    let (edit, extras) = (form(&page, view.as_ref())?, extras(&page, view.as_ref()));
    // Whoever names a provider decides who comes in as anybody.
    let writes = page.ctx.permissions().do_all();
    show_form(&page, edit, above(&page), &[], extras, writes).await
}

async fn save(page: Page, Form(typed): Form<Typed>) -> Result<Response, DeskError> {
    let done = match read(&page, &typed) {
        Ok(new) => sso::put(&page.app, &page.ctx, new).await,
        Err(error) => Err(error),
    };
    let Err(error) = done else {
        return Ok(redirect_saying(HERE, "setting-saved"));
    };
    // Saving once more is a decision then: the form goes on from what is there now.
    let stale = matches!(error, DeskError::Stale { .. });
    let mut wrong = Wrong::refused(error)?;
    if wrong.field == "roles" {
        let first = roles(&page)?.first().map(|role| role_input(role));
        wrong.field = first.unwrap_or_default();
    }
    let view = sso::view(&page.app, &page.ctx).await?;
    let mut again = form(&page, view.as_ref())?;
    if !stale {
        again.version = typed.version();
    }
    again.fill(&typed);
    let extras = extras(&page, view.as_ref());
    show_form(&page, again, above(&page), &[wrong], extras, true).await
}

async fn remove(page: Page, Form(Nothing {}): Form<Nothing>) -> Result<Response, DeskError> {
    sso::remove(&page.app, &page.ctx).await?;
    Ok(redirect_saying(UP, "setting-removed"))
}

/// Asks the provider for what it says of itself, and says in plain words what came of it.
async fn test(mut page: Page, Form(Nothing {}): Form<Nothing>) -> Result<Response, DeskError> {
    HERE.clone_into(&mut page.path);
    let view = sso::view(&page.app, &page.ctx).await?;
    let t = page.texts();
    let note = match sso::try_out(&page.app, &page.ctx).await {
        Ok(Ok(())) => ("notice-ok", t.text("admin-sso-works").to_owned()),
        Ok(Err(trouble)) => ("notice-error", t.text(&trouble_key(trouble)).to_owned()),
        Err(error) => {
            let (edit, extras) = (form(&page, view.as_ref())?, extras(&page, view.as_ref()));
            let wrong = Wrong::refused(error)?;
            return show_form(&page, edit, above(&page), &[wrong], extras, true).await;
        }
    };
    let (edit, extras) = (form(&page, view.as_ref())?, extras(&page, view.as_ref()));
    show_form_saying(&page, edit, above(&page), vec![note], extras).await
}

fn trouble_key(trouble: sso::Trouble) -> String {
    format!("admin-sso-trouble-{}", trouble.code().replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bedside_web::{I18n, Locale};

    #[test]
    fn every_trouble_has_words() {
        for locale in Locale::ALL {
            for trouble in sso::Trouble::TRIED {
                let key = trouble_key(trouble);
                assert!(I18n::global().has(locale, &key), "{locale}: {key}");
            }
        }
    }
}
