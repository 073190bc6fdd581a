//! An identity provider, and looks at what came of its messages.

use crate::common::{Answer, Client, Desk, Role};
use axum::body::Body;
use axum::http::Method;
use bedside_desk::audit_log;
use bedside_desk::context::Ctx;
use bedside_desk::error::DeskError;
use bedside_desk::ids::{ProvisionedGroupId, StaffId};
use bedside_desk::provisioning::{self, Choice};
use bedside_desk::staff::{self, StaffView};
use serde_json::{Value, json};

pub const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
pub const USERS: &str = "/scim/v2/Users";
pub const GROUPS: &str = "/scim/v2/Groups";

/// An identity provider with a token of its own.
pub struct Provider(pub Client);

impl Provider {
    pub async fn new(desk: &Desk) -> Self {
        Self(desk.client("people:provision").await)
    }

    pub async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        let headers = [
            ("content-type", "application/scim+json"),
            ("accept", "application/scim+json"),
        ];
        self.0
            .request(method, path, &headers, Body::from(body.to_string()))
            .await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.0.get(path).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, body).await
    }

    /// A `PATCH` with these operations.
    pub async fn patch(&self, path: &str, operations: Value) -> Answer {
        let body = json!({ "schemas": [PATCH], "Operations": operations });
        self.send(Method::PATCH, path, &body).await
    }

    /// The people that a filter finds.
    pub async fn found(&self, at: &str, filter: &str) -> Vec<Value> {
        let answer = self
            .get(&format!("{at}?filter={}", encoded(filter)))
            .await
            .expect(200);
        answer.json()["Resources"].as_array().unwrap().clone()
    }

    /// Somebody of whom no more is told than has to be; their id.
    pub async fn person(&self, email: &str) -> String {
        let told = json!({ "userName": email, "name": { "givenName": "Ines", "familyName": "Ortega" }, "active": true });
        self.post(USERS, &told).await.expect(201).json()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The same by an address of their own.
    pub async fn person_of(&self, email: String) -> String {
        self.person(&email).await
    }

    /// A group with these people in it; its id.
    pub async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
        let told = json!({ "displayName": name, "members": members });
        self.post(GROUPS, &told).await.expect(201).json()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

pub fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// What a refusal says: its status, and SCIM's word for it.
#[track_caller]
pub fn refused(answer: &Answer, status: u16, kind: Option<&str>) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/scim+json"));
    let body = answer.json();
    assert_eq!(
        body["schemas"],
        json!(["urn:ietf:params:scim:api:messages:2.0:Error"])
    );
    assert_eq!(body["status"], status.to_string());
    assert_eq!(body["scimType"].as_str(), kind, "{body}");
    assert!(!body["detail"].as_str().unwrap().is_empty());
}

/// Gives a group a role, as an administrator does.
pub async fn map(desk: &Desk, group: &str, role: Option<&str>) {
    let ctx = desk.ctx(Role::Administrator);
    let id: ProvisionedGroupId = group.parse().unwrap();
    let rules = provisioning::rules(&desk.app, &ctx).await.unwrap();
    let was = rules
        .groups
        .into_iter()
        .find(|one| one.id == id)
        .unwrap()
        .role;
    let choice = Choice::Group {
        id,
        was,
        role: role.map(str::to_owned),
    };
    provisioning::choose(&desk.app, &ctx, vec![choice])
        .await
        .unwrap();
}

/// Chooses what whoever is in no group with a role gets.
pub async fn default_role(
    desk: &Desk,
    ctx: &Ctx,
    was: Option<&str>,
    role: Option<&str>,
) -> Result<(), DeskError> {
    let own = |role: Option<&str>| role.map(str::to_owned);
    provisioning::choose(
        &desk.app,
        ctx,
        vec![Choice::Default {
            was: own(was),
            role: own(role),
        }],
    )
    .await
}

/// An account as it is kept.
pub async fn account(desk: &Desk, id: &str) -> StaffView {
    let id: StaffId = id.parse().unwrap();
    let all = staff::list(&desk.app, &desk.system()).await.unwrap();
    all.into_iter().find(|one| one.id == id).unwrap()
}

/// The role of somebody who can come in; none for whoever can't.
pub async fn at_work(desk: &Desk, id: &str) -> Option<String> {
    let account = account(desk, id).await;
    account.disabled_at.is_none().then_some(account.role)
}

/// What the log says was done to something, the newest first.
pub async fn done_to(desk: &Desk, id: &str) -> Vec<String> {
    let entries = audit_log::list(&desk.app, &desk.system(), None, 100)
        .await
        .unwrap();
    let about = entries.into_iter().filter(|entry| entry.object_id == id);
    about.map(|entry| entry.action).collect()
}
