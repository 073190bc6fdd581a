//! Where a session is used from, and what follows when that changes: another browser ends it, another network takes its
//! proof away.

use super::store::{self, SessionRow};
use super::{KNOWN_SECONDS, device};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Ctx, Source};
use crate::error::DeskError;
use crate::staff::notices::{self, What};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use bedside_db::Timestamp;
use data_encoding::HEXLOWER;
use futures_util::FutureExt;
use std::net::IpAddr;

/// Bytes of a network's mark that are kept: enough that no two of one person are taken for each other.
const MARK: usize = 12;

/// What a request says of where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// What the browser says of itself.
    pub user_agent: &'a str,
    /// The network, where it can be told.
    pub network: Option<IpAddr>,
}

/// Whether the session goes on there. One that turns up with another browser or system than it began with was taken
/// along: it ends, and its person hears of it. The codes say what a browser is and not which release, so that no update
/// looks like a thief.
pub(super) async fn stays(
    app: &App,
    row: &SessionRow,
    hash: [u8; 32],
    place: Place<'_>,
) -> Result<bool, DeskError> {
    if device::of(place.user_agent) == row.device {
        return Ok(true);
    }
    let (staff, id) = (row.staff, row.id);
    let ctx = Ctx::system(row.organisation, "sign-in", Source::Page);
    app.command(&ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            // Of two requests at once one tells of it.
            if store::delete_one_of(work, organisation, staff, id).await? {
                notices::tell(work, staff, What::Moved).await?;
            }
            store::delete_session(work, &hash).await?;
            work.audit(NewEntry::new("session.moved", "staff", staff).outcome(Outcome::Denied));
            Ok(())
        }
        .boxed()
    })
    .await?;
    Ok(false)
}

/// When the session's last proof was, after where it is used from was looked at. From a network that its person was not in
/// lately a proof from before counts no more for whoever has a second factor: it is shown anew for what asks for a fresh one. Who
/// came by a link, and may know no password any more, keeps theirs.
pub(super) async fn proven_at(
    app: &App,
    row: &SessionRow,
    hash: [u8; 32],
    place: Place<'_>,
) -> Result<Timestamp, DeskError> {
    let Some(network) = place.network else {
        return Ok(row.proven_at);
    };
    let mark = mark(app, row, network);
    if verify_slices_are_equal(mark.as_bytes(), row.network.as_bytes()).is_ok() {
        return Ok(row.proven_at);
    }
    let (organisation, staff, now) = (row.organisation, row.staff, app.now());
    let lapses = row.has_factor && !row.method.starts_with("link");
    let proven = row.proven_at;
    app.db
        .write::<_, DeskError, _>(move |tx| {
            async move {
                let known = store::networks_of(tx, organisation, staff).await?;
                let lately = now.plus_seconds(-KNOWN_SECONDS);
                let is_known = known
                    .iter()
                    .any(|(one, seen)| *one == mark && *seen > lately);
                let proven = if known.is_empty() || is_known || !lapses {
                    proven
                } else {
                    Timestamp::from_micros(0)
                };
                store::move_session(tx, &hash, &mark, proven).await?;
                store::know_network(tx, organisation, staff, &mark, now).await?;
                Ok(proven)
            }
            .boxed()
        })
        .await
}

/// What is kept of a network: of an address of the older kind its /24, of the newer kind its /48, under the desk's key and
/// for this person alone.
fn mark(app: &App, row: &SessionRow, network: IpAddr) -> String {
    let wide = match network {
        IpAddr::V4(four) => {
            let [a, b, c, _] = four.octets();
            format!("{a}.{b}.{c}")
        }
        IpAddr::V6(six) => {
            let [a, b, c, ..] = six.segments();
            format!("{a:x}:{b:x}:{c:x}")
        }
    };
    let text = format!("network\0{}\0{}\0{wide}", row.organisation, row.staff);
    let mark = app.keyring.web_mac()(text.as_bytes());
    HEXLOWER.encode(&mark[..MARK])
}
