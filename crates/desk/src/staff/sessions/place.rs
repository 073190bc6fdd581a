//! Where a session is used from, and what follows when that changes: another browser ends it, another network takes its
//! proof away.

use super::store::{self, SessionRow};
use super::{KNOWN_SECONDS, device};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Ctx, Source};
use crate::error::DeskError;
use crate::ids::StaffId;
use crate::staff::notices::{self, What};
use crate::work::Work;
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

/// Where a session is used from, as a proof that is shown in it makes it known.
#[derive(Clone, Debug)]
pub struct Here {
    device: String,
    /// Mark of the network, where that can be told.
    network: Option<String>,
}

/// Whether the session goes on there. One that turns up with another browser than it began with, or on another kind of
/// machine, was taken along: it ends, and its person hears of it. The codes say what a browser is and not which release, so
/// that no update looks like a thief; the desktop site of a telephone's browser is the same browser ([`device::is_same`]).
pub(super) async fn stays(
    app: &App,
    row: &SessionRow,
    hash: [u8; 32],
    place: Place<'_>,
) -> Result<bool, DeskError> {
    if device::is_same(&device::of(place.user_agent), &row.device) {
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

/// When the session's last proof was, after where it is used from was looked at. From a network that its person showed no
/// proof in lately, or when its browser shows itself otherwise, a proof from before counts no more for whoever has a second
/// factor: it is shown anew for what asks for a fresh one. Who came by a link, and may know no password any more, keeps theirs.
///
/// A proof that was read before the write is never written back: another request may have taken it away meanwhile.
pub(super) async fn proven_at(
    app: &App,
    row: &SessionRow,
    hash: [u8; 32],
    here: &Here,
) -> Result<Timestamp, DeskError> {
    let network = here.network.clone();
    let moved = network.as_ref().is_some_and(|mark| {
        verify_slices_are_equal(mark.as_bytes(), row.network.as_bytes()).is_err()
    });
    if !moved && here.device == row.device {
        return Ok(row.proven_at);
    }
    let (organisation, staff, now) = (row.organisation, row.staff, app.now());
    let lapses = row.has_factor && !row.method.starts_with("link");
    let device = here.device.clone();
    app.db
        .write::<_, DeskError, _>(move |tx| {
            async move {
                let mut is_new = false;
                if let Some(mark) = network
                    && store::move_session(tx, &hash, &mark).await?
                {
                    let known = store::networks_of(tx, organisation, staff).await?;
                    let is_known = known.is_empty() || is_among(&known, &mark, now);
                    is_new |= !is_known;
                    if is_known {
                        store::know_network(tx, organisation, staff, &mark, now).await?;
                    }
                }
                if store::show_session(tx, &hash, &device).await? {
                    let known = store::devices_of(tx, organisation, staff).await?;
                    is_new |= !is_among(&known, &device, now);
                }
                if is_new && lapses {
                    store::lapse_proof(tx, &hash).await?;
                }
                let row = store::session(tx, &hash).await?;
                Ok(row.map_or(Timestamp::from_micros(0), |row| row.proven_at))
            }
            .boxed()
        })
        .await
}

/// Whether somebody was seen so lately.
pub(super) fn is_among(known: &[(String, Timestamp)], one: &str, now: Timestamp) -> bool {
    let lately = now.plus_seconds(-KNOWN_SECONDS);
    known
        .iter()
        .any(|(known, seen)| known == one && *seen > lately)
}

/// Keeps, in the caller's command, that `staff` showed a proof here.
pub(in crate::staff) async fn know(
    work: &mut Work<'_>,
    staff: StaffId,
    here: &Here,
) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    store::know_device(work, organisation, staff, &here.device, now).await?;
    if let Some(network) = &here.network {
        store::know_network(work, organisation, staff, network, now).await?;
    }
    Ok(())
}

/// What a request says of where its session is used from, as it is kept.
pub(super) fn here(app: &App, row: &SessionRow, place: Place<'_>) -> Here {
    Here {
        device: device::of(place.user_agent),
        network: place.network.map(|network| mark(app, row, network)),
    }
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
