//! SQL of the sessions, of the links that let somebody in, and of wrong passwords.

use super::own::OpenSession;
use crate::error::DeskError;
use crate::ids::{OrganisationId, SessionId, StaffId};
use crate::staff::{passkeys, sso};
use bedside_db::{Conn, Row, Timestamp, args, statements};

statements! {
    /// Ends the invitations of somebody that nobody used yet.
    DELETE_INVITATIONS_OF = "DELETE FROM staff_links WHERE organisation_id = $1 AND staff_id = $2 AND reusable = 0";
    /// Ends the links somebody could come in by.
    DELETE_LINKS_OF = "DELETE FROM staff_links WHERE organisation_id = $1 AND staff_id = $2";
    /// Opens a session.
    INSERT_SESSION = "INSERT INTO sessions (token_hash, organisation_id, staff_id, created_at, seen_at, proven_at, expires_at, id, \
        method, device) VALUES ($1, $2, $3, $4, $4, $9, $5, $6, $7, $8)";
    /// Those of a person that have not ended by their age alone, the last used first.
    SESSIONS_OF = "SELECT id, method, device, created_at, seen_at, token_hash FROM sessions \
        WHERE organisation_id = $1 AND staff_id = $2 AND expires_at > $3 ORDER BY seen_at DESC, id DESC";
    /// Ends the sessions of a role's people that are over by their age or for want of use.
    DELETE_ENDED_OF_ROLE = "DELETE FROM sessions WHERE organisation_id = $1 AND staff_id IN \
        (SELECT id FROM staff WHERE organisation_id = $1 AND role = $2) AND EXISTS (SELECT 1 FROM roles r \
        WHERE r.organisation_id = $1 AND r.code = $2 AND (sessions.seen_at <= $3 - r.idle_minutes * 60000000 \
        OR sessions.created_at <= $3 - r.session_minutes * 60000000))";
    /// Ends one session of a person.
    DELETE_ONE_OF = "DELETE FROM sessions WHERE organisation_id = $1 AND staff_id = $2 AND id = $3";
    /// Ends all sessions of a person but one.
    DELETE_OTHERS_OF = "DELETE FROM sessions WHERE organisation_id = $1 AND staff_id = $2 AND token_hash <> $3";
    /// A session with its person, the version of their role, and since when they have a second factor and a passkey.
    SESSION = "SELECT s.organisation_id, s.staff_id, s.seen_at, s.expires_at, s.created_at, p.name, p.role, p.locale, \
        s.proven_at, COALESCE(f.created_at, (SELECT MIN(k.created_at) FROM passkeys k \
        WHERE k.organisation_id = s.organisation_id AND k.owner_id = s.staff_id)), s.id, s.method, s.device, s.network, \
        r.version, (SELECT MIN(k.created_at) FROM passkeys k \
        WHERE k.organisation_id = s.organisation_id AND k.owner_id = s.staff_id) FROM sessions s \
        JOIN staff p ON p.organisation_id = s.organisation_id AND p.id = s.staff_id \
        LEFT JOIN second_factors f ON f.organisation_id = s.organisation_id AND f.staff_id = s.staff_id \
        LEFT JOIN roles r ON r.organisation_id = s.organisation_id AND r.code = p.role \
        WHERE s.token_hash = $1 AND p.disabled_at IS NULL";
    /// Notes that a session is used.
    TOUCH_SESSION = "UPDATE sessions SET seen_at = $2 WHERE token_hash = $1";
    /// Notes a proof, and gives the session another token.
    PROVE_SESSION = "UPDATE sessions SET token_hash = $2, proven_at = $3 WHERE token_hash = $1";
    /// Keeps that somebody showed the first thing and not yet the second.
    INSERT_HALF = "INSERT INTO half_sign_ins (token_hash, organisation_id, staff_id, method, needs_password, tries, expires_at) \
        VALUES ($1, $2, $3, $4, $5, 0, $6)";
    /// Whose it is, while it can be tried.
    HALF = "SELECT h.organisation_id, h.staff_id, p.locale, h.needs_password FROM half_sign_ins h \
        JOIN staff p ON p.organisation_id = h.organisation_id AND p.id = h.staff_id \
        WHERE h.token_hash = $1 AND h.expires_at > $2 AND h.tries < $3 AND p.disabled_at IS NULL";
    /// Counts a try before it is looked at, and says which it is; nothing where none is left.
    TRY_HALF = "UPDATE half_sign_ins SET tries = tries + 1 WHERE token_hash = $1 AND expires_at > $2 AND tries < $3 \
        RETURNING tries";
    /// Ends it with what it was for.
    TAKE_HALF = "DELETE FROM half_sign_ins WHERE token_hash = $1 AND expires_at > $2 RETURNING method, needs_password";
    /// Ends those of a person.
    DELETE_HALVES_OF = "DELETE FROM half_sign_ins WHERE organisation_id = $1 AND staff_id = $2";
    /// Forgets those that nobody went on with.
    FORGET_HALVES = "DELETE FROM half_sign_ins WHERE expires_at < $1";
    /// What somebody came in with, and when last.
    DEVICES_OF = "SELECT device, seen_at FROM known_devices WHERE organisation_id = $1 AND staff_id = $2";
    /// Keeps what somebody came in with.
    KNOW_DEVICE = "INSERT INTO known_devices (organisation_id, staff_id, device, seen_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (organisation_id, staff_id, device) DO UPDATE SET seen_at = excluded.seen_at";
    /// The networks somebody came from, and when last.
    NETWORKS_OF = "SELECT network, seen_at FROM known_networks WHERE organisation_id = $1 AND staff_id = $2";
    /// Keeps a network that somebody came from.
    KNOW_NETWORK = "INSERT INTO known_networks (organisation_id, staff_id, network, seen_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (organisation_id, staff_id, network) DO UPDATE SET seen_at = excluded.seen_at";
    /// Forgets networks that nobody came from for a long time.
    FORGET_NETWORKS = "DELETE FROM known_networks WHERE seen_at < $1";
    /// Notes where a session is used from now; nothing where that stands there already. PostgreSQL holds the row until the
    /// command ends.
    MOVE_SESSION = "UPDATE sessions SET network = $2 WHERE token_hash = $1 AND network <> $2";
    /// Notes as what its browser shows itself now; nothing where that stands there already.
    SHOW_SESSION = "UPDATE sessions SET device = $2 WHERE token_hash = $1 AND device <> $2";
    /// Takes the last proof away.
    LAPSE_PROOF = "UPDATE sessions SET proven_at = 0 WHERE token_hash = $1";
    /// Notes a proof by a passkey.
    NAME_METHOD = "UPDATE sessions SET method = $2 WHERE token_hash = $1";
    /// Ends a session.
    DELETE_SESSION = "DELETE FROM sessions WHERE token_hash = $1";
    /// Forgets sessions that ended by themselves.
    FORGET_SESSIONS = "DELETE FROM sessions WHERE expires_at < $1";
    /// Forgets links that let nobody in any more.
    FORGET_LINKS = "DELETE FROM staff_links WHERE expires_at < $1";
    /// Ends all sessions of a person.
    DELETE_SESSIONS_OF = "DELETE FROM sessions WHERE organisation_id = $1 AND staff_id = $2";
    /// Adds a link that lets somebody in.
    INSERT_LINK = "INSERT INTO staff_links (token_hash, organisation_id, staff_id, reusable, expires_at, reminded_at) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    /// Invitations that end soon and that nobody used, of which their people were not told.
    ENDING_LINKS = "SELECT token_hash FROM staff_links WHERE organisation_id = $1 AND reusable = 0 AND used_at IS NULL \
        AND reminded_at IS NULL AND expires_at > $2 AND expires_at <= $3 ORDER BY token_hash LIMIT 100";
    /// Keeps that its person is told; whose it is, unless it was told, used or ended meanwhile.
    REMIND_LINK = "UPDATE staff_links SET reminded_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND reminded_at IS NULL \
        RETURNING staff_id";
    /// Uses a link.
    USE_LINK = "UPDATE staff_links SET used_at = $2 WHERE token_hash = $1 AND expires_at > $2 \
        AND (used_at IS NULL OR reusable = 1) RETURNING organisation_id, staff_id, reusable";
    /// One more try for an address; gives back how many there were and when the one before was. On PostgreSQL the row
    /// stays locked, so that tries at once are counted one after the other.
    ADD_FAILURE = "INSERT INTO sign_in_failures (address_hash, failures, last_at) VALUES ($1, 1, $2) \
        ON CONFLICT (address_hash) DO UPDATE SET failures = sign_in_failures.failures + 1 RETURNING failures, last_at";
    /// When the newest try was.
    DATE_FAILURE = "UPDATE sign_in_failures SET last_at = $2 WHERE address_hash = $1";
    /// A right password forgets the wrong ones.
    CLEAR_FAILURES = "DELETE FROM sign_in_failures WHERE address_hash = $1";
    /// Remembers that something is told; nothing where it was after `$3`.
    TELL = "INSERT INTO sign_in_failures (address_hash, failures, last_at) VALUES ($1, 0, $2) \
        ON CONFLICT (address_hash) DO UPDATE SET last_at = excluded.last_at WHERE sign_in_failures.last_at <= $3";
    /// Forgets wrong passwords that cost no waiting any more.
    FORGET_FAILURES = "DELETE FROM sign_in_failures WHERE last_at < $1";
}

pub(in crate::staff) async fn delete_invitations_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: StaffId,
) -> Result<(), DeskError> {
    conn.execute(DELETE_INVITATIONS_OF, args![organisation, id])
        .await?;
    Ok(())
}

pub(in crate::staff) async fn delete_links_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: StaffId,
) -> Result<(), DeskError> {
    conn.execute(DELETE_LINKS_OF, args![organisation, id])
        .await?;
    Ok(())
}

/// A session to be kept.
pub(in crate::staff) struct NewSession {
    pub hash: [u8; 32],
    pub id: SessionId,
    pub staff: StaffId,
    pub method: &'static str,
    pub device: String,
    /// Whether they came by a link that works once.
    pub by_link: bool,
    pub expires: Timestamp,
}

pub(in crate::staff) async fn insert_session(
    conn: &mut Conn,
    organisation: OrganisationId,
    new: &NewSession,
    (at, proven): (Timestamp, Timestamp),
) -> Result<(), DeskError> {
    conn.execute(
        INSERT_SESSION,
        args![
            new.hash,
            organisation,
            new.staff,
            at,
            new.expires,
            new.id,
            new.method,
            new.device,
            proven
        ],
    )
    .await?;
    Ok(())
}

/// A session of a list, and the hash of its token.
pub(in crate::staff) async fn sessions_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
    now: Timestamp,
) -> Result<Vec<(OpenSession, Vec<u8>)>, DeskError> {
    Ok(conn
        .query(SESSIONS_OF, args![organisation, staff, now], |row| {
            let session = OpenSession {
                id: row.get(0)?,
                method: row.get(1)?,
                device: row.get(2)?,
                created_at: row.get(3)?,
                seen_at: row.get(4)?,
                here: false,
            };
            Ok((session, row.get(5)?))
        })
        .await?)
}

/// `false` where it has ended.
pub(in crate::staff) async fn delete_one_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
    id: SessionId,
) -> Result<bool, DeskError> {
    Ok(conn
        .execute(DELETE_ONE_OF, args![organisation, staff, id])
        .await?
        == 1)
}

pub(in crate::staff) async fn delete_others_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
    hash: &[u8; 32],
) -> Result<(), DeskError> {
    delete_halves_of(conn, organisation, staff).await?;
    conn.execute(DELETE_OTHERS_OF, args![organisation, staff, hash])
        .await?;
    Ok(())
}

/// A session as stored, with its person.
pub(in crate::staff) struct SessionRow {
    pub organisation: OrganisationId,
    pub staff: StaffId,
    pub seen_at: Timestamp,
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
    pub name: String,
    pub role: String,
    pub locale: String,
    pub proven_at: Timestamp,
    pub has_factor: bool,
    pub id: SessionId,
    pub method: String,
    pub device: String,
    pub network: String,
    /// None where the role is gone.
    pub role_version: Option<i64>,
    pub has_passkey: bool,
}

pub(in crate::staff) async fn session(
    conn: &mut Conn,
    hash: &[u8; 32],
) -> Result<Option<SessionRow>, DeskError> {
    Ok(conn
        .query_opt(SESSION, args![hash], |row| {
            Ok(SessionRow {
                organisation: row.get(0)?,
                staff: row.get(1)?,
                seen_at: row.get(2)?,
                expires_at: row.get(3)?,
                created_at: row.get(4)?,
                name: row.get(5)?,
                role: row.get(6)?,
                locale: row.get(7)?,
                proven_at: row.get(8)?,
                has_factor: row.get::<Option<Timestamp>>(9)?.is_some(),
                id: row.get(10)?,
                method: row.get(11)?,
                device: row.get(12)?,
                network: row.get(13)?,
                role_version: row.get(14)?,
                has_passkey: row.get::<Option<Timestamp>>(15)?.is_some(),
            })
        })
        .await?)
}

/// `false` where the session has ended.
pub(in crate::staff) async fn prove_session(
    conn: &mut Conn,
    (old, new): (&[u8; 32], &[u8; 32]),
    at: Timestamp,
) -> Result<bool, DeskError> {
    Ok(conn.execute(PROVE_SESSION, args![old, new, at]).await? == 1)
}

pub(in crate::staff) async fn insert_half(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
    hash: &[u8; 32],
    (method, needs_password): (&str, bool),
    expires: Timestamp,
) -> Result<(), DeskError> {
    let values = args![hash, organisation, staff, method, needs_password, expires];
    conn.execute(INSERT_HALF, values).await?;
    Ok(())
}

/// Whose it is, the language of their pages, and whether it began with a link that works once.
pub(in crate::staff) async fn half(
    conn: &mut Conn,
    hash: &[u8; 32],
    now: Timestamp,
    tries: i64,
) -> Result<Option<(OrganisationId, StaffId, String, bool)>, DeskError> {
    Ok(conn
        .query_opt(HALF, args![hash, now, tries], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .await?)
}

/// Which try it is; none where none is left.
pub(in crate::staff) async fn try_half(
    conn: &mut Conn,
    hash: &[u8; 32],
    now: Timestamp,
    tries: i64,
) -> Result<Option<i64>, DeskError> {
    Ok(conn
        .query_opt(TRY_HALF, args![hash, now, tries], |row| row.get(0))
        .await?)
}

/// What was shown first, and whether a password has to be set.
pub(in crate::staff) async fn take_half(
    conn: &mut Conn,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<(String, bool)>, DeskError> {
    Ok(conn
        .query_opt(TAKE_HALF, args![hash, now], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .await?)
}

pub(in crate::staff) async fn delete_halves_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
) -> Result<(), DeskError> {
    conn.execute(DELETE_HALVES_OF, args![organisation, staff])
        .await?;
    Ok(())
}

pub(in crate::staff) async fn devices_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
) -> Result<Vec<(String, Timestamp)>, DeskError> {
    Ok(conn
        .query(DEVICES_OF, args![organisation, staff], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .await?)
}

pub(in crate::staff) async fn know_device(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
    device: &str,
    at: Timestamp,
) -> Result<(), DeskError> {
    let values = args![organisation, staff, device, at];
    conn.execute(KNOW_DEVICE, values).await?;
    Ok(())
}

pub(in crate::staff) async fn networks_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
) -> Result<Vec<(String, Timestamp)>, DeskError> {
    Ok(conn
        .query(NETWORKS_OF, args![organisation, staff], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .await?)
}

pub(in crate::staff) async fn know_network(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
    network: &str,
    at: Timestamp,
) -> Result<(), DeskError> {
    let values = args![organisation, staff, network, at];
    conn.execute(KNOW_NETWORK, values).await?;
    Ok(())
}

/// `false` where that was noted before, or the session has ended.
pub(in crate::staff) async fn move_session(
    conn: &mut Conn,
    hash: &[u8; 32],
    network: &str,
) -> Result<bool, DeskError> {
    Ok(conn.execute(MOVE_SESSION, args![hash, network]).await? == 1)
}

/// The same of what its browser says of itself.
pub(in crate::staff) async fn show_session(
    conn: &mut Conn,
    hash: &[u8; 32],
    device: &str,
) -> Result<bool, DeskError> {
    Ok(conn.execute(SHOW_SESSION, args![hash, device]).await? == 1)
}

pub(in crate::staff) async fn lapse_proof(
    conn: &mut Conn,
    hash: &[u8; 32],
) -> Result<(), DeskError> {
    conn.execute(LAPSE_PROOF, args![hash]).await?;
    Ok(())
}

pub(in crate::staff) async fn name_method(
    conn: &mut Conn,
    hash: &[u8; 32],
    method: &str,
) -> Result<(), DeskError> {
    conn.execute(NAME_METHOD, args![hash, method]).await?;
    Ok(())
}

pub(in crate::staff) async fn touch_session(
    conn: &mut Conn,
    hash: &[u8; 32],
    at: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(TOUCH_SESSION, args![hash, at]).await?;
    Ok(())
}

pub(in crate::staff) async fn delete_session(
    conn: &mut Conn,
    hash: &[u8; 32],
) -> Result<(), DeskError> {
    conn.execute(DELETE_SESSION, args![hash]).await?;
    Ok(())
}

pub(in crate::staff) async fn delete_sessions_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
) -> Result<(), DeskError> {
    // First, and so after whoever ends one of them at this moment: the session that they open for it is then seen.
    delete_halves_of(conn, organisation, staff).await?;
    conn.execute(DELETE_SESSIONS_OF, args![organisation, staff])
        .await?;
    Ok(())
}

pub(in crate::staff) async fn insert_link(
    conn: &mut Conn,
    hash: &[u8; 32],
    organisation: OrganisationId,
    staff: StaffId,
    reusable: bool,
    expires: Timestamp,
    reminded: Option<Timestamp>,
) -> Result<(), DeskError> {
    conn.execute(
        INSERT_LINK,
        args![hash, organisation, staff, reusable, expires, reminded],
    )
    .await?;
    Ok(())
}

/// Hashes of invitations that end between `now` and `until`, and that nobody was reminded of.
pub(in crate::staff) async fn ending_links(
    conn: &mut Conn,
    organisation: OrganisationId,
    now: Timestamp,
    until: Timestamp,
) -> Result<Vec<Vec<u8>>, DeskError> {
    Ok(conn
        .query(ENDING_LINKS, args![organisation, now, until], |row| {
            row.get(0)
        })
        .await?)
}

/// Keeps that whoever has it is told; none when that is not to be done any more.
pub(in crate::staff) async fn remind_link(
    conn: &mut Conn,
    hash: &[u8],
    now: Timestamp,
) -> Result<Option<StaffId>, DeskError> {
    Ok(conn
        .query_opt(REMIND_LINK, args![hash, now], |row| row.get(0))
        .await?)
}

pub(in crate::staff) async fn use_link(
    conn: &mut Conn,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<(OrganisationId, StaffId, bool)>, DeskError> {
    Ok(conn
        .query_opt(USE_LINK, args![hash, now], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .await?)
}

/// Counts one more try: gives back which it is, and when the one before was.
pub(in crate::staff) async fn add_failure(
    conn: &mut Conn,
    hash: &[u8; 32],
    at: Timestamp,
) -> Result<(i64, Timestamp), DeskError> {
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let counted = conn.query_one(ADD_FAILURE, args![hash, at], read).await?;
    date_failure(conn, hash, at).await?;
    Ok(counted)
}

/// From when on the wait after a try counts.
pub(in crate::staff) async fn date_failure(
    conn: &mut Conn,
    hash: &[u8; 32],
    at: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(DATE_FAILURE, args![hash, at]).await?;
    Ok(())
}

pub(in crate::staff) async fn clear_failures(
    conn: &mut Conn,
    hash: &[u8; 32],
) -> Result<(), DeskError> {
    conn.execute(CLEAR_FAILURES, args![hash]).await?;
    Ok(())
}

/// Whether something is told now: `false` where it was told since `lately`.
pub(in crate::staff) async fn tell(
    conn: &mut Conn,
    key: &[u8; 32],
    now: Timestamp,
    lately: Timestamp,
) -> Result<bool, DeskError> {
    Ok(conn.execute(TELL, args![key, now, lately]).await? == 1)
}

/// Forgets sessions and links that ended before `before`, and wrong passwords of the day before that.
pub(in crate::staff) async fn forget_expired(
    conn: &mut Conn,
    before: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(FORGET_SESSIONS, args![before]).await?;
    conn.execute(FORGET_LINKS, args![before]).await?;
    conn.execute(FORGET_HALVES, args![before]).await?;
    passkeys::store::forget_questions(conn, before).await?;
    sso::store::forget_questions(conn, before).await?;
    let long_ago = before.plus_seconds(-super::KNOWN_SECONDS);
    conn.execute(FORGET_NETWORKS, args![long_ago]).await?;
    let day_before = before.plus_seconds(-24 * 3600);
    conn.execute(FORGET_FAILURES, args![day_before]).await?;
    Ok(())
}

pub(in crate::staff) async fn delete_ended_of_role(
    conn: &mut Conn,
    organisation: OrganisationId,
    role: &str,
    now: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(DELETE_ENDED_OF_ROLE, args![organisation, role, now])
        .await?;
    Ok(())
}
