//! Somebody with a password and a second factor, and what they do with them.

use super::{Answer, Browser, Desk, Role, csrf_token, hidden, totp};
use bedside_desk::orgs::{self, Change};
use bedside_desk::staff;

pub const WORDS: &str = "correct horse battery staple";
pub const WRONG: &str = "000000";

/// Somebody with a password and a second factor.
pub struct Person {
    pub role: Role,
    pub secret: String,
    pub codes: Vec<String>,
}

impl Person {
    /// Turns it on, on its page.
    pub async fn enrolled(desk: &Desk, role: Role) -> Self {
        let id = desk.id_of(role);
        staff::set_password(&desk.app, &desk.system(), id, WORDS)
            .await
            .unwrap();
        let browser = desk.browser(role).await;
        let (secret, answer) = turn_on(desk, &browser).await;
        let codes = codes_on(&answer.text());
        assert_eq!(codes.len(), 10);
        // The code that turned it on is used up.
        desk.clock.advance(30);
        Self {
            role,
            secret,
            codes,
        }
    }

    pub fn email(&self) -> String {
        format!("{}@clinic.example", self.role.code())
    }

    pub fn code(&self, desk: &Desk) -> String {
        totp::code(&self.secret, desk.app.now())
    }

    /// A browser that showed the password.
    pub async fn half(&self, desk: &Desk) -> Browser {
        let browser = desk.visitor();
        let answer = password(&browser, &self.email(), WORDS).await.expect(303);
        assert_eq!(answer.header("location"), Some("/sign-in/code?next=/"));
        browser
    }
}

pub async fn turn_on(desk: &Desk, browser: &Browser) -> (String, Answer) {
    let page = browser
        .get("/account/second-factor")
        .await
        .expect(200)
        .text();
    let secret = hidden(&page, "secret").to_owned();
    let fields = [
        ("csrf_token", csrf_token(&page)),
        ("secret", secret.clone()),
        ("seal", hidden(&page, "seal").to_owned()),
        ("code", totp::code(&secret, desk.app.now())),
    ];
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let answer = browser.post("/account/second-factor", &fields).await;
    (secret, answer.expect(200))
}

pub fn codes_on(page: &str) -> Vec<String> {
    let (_, list) = page.split_once("<ul class=\"codes\"").unwrap();
    let codes = list.split("<code>").skip(1);
    codes
        .map(|rest| rest.split('<').next().unwrap().to_owned())
        .collect()
}

pub async fn password(browser: &Browser, email: &str, password: &str) -> Answer {
    let fields = [("email", email), ("password", password)];
    browser.submit("/sign-in", "/sign-in", &fields).await
}

pub async fn shows(browser: &Browser, code: &str) -> Answer {
    browser
        .submit("/sign-in/code", "/sign-in/code", &[("code", code)])
        .await
}

/// Asks somebody to have a second factor, or not to.
pub async fn needs(desk: &Desk, role: Role, second_factor: bool) {
    let mut changed = desk.role(role).as_ref().clone();
    changed.second_factor = if second_factor {
        staff::SecondFactor::Any
    } else {
        staff::SecondFactor::None
    };
    orgs::change(&desk.app, &desk.system(), Change::PutRole(changed))
        .await
        .unwrap();
}

/// What the next page says of it.
pub fn said(answer: &Answer) -> String {
    let cookies = answer.headers.get_all("set-cookie").iter();
    let mut said = cookies.filter_map(|one| {
        let text = one.to_str().unwrap();
        text.trim_start_matches("__Host-").strip_prefix("bd_flash=")
    });
    said.next().unwrap().split(';').next().unwrap().to_owned()
}
