//! SQL of sealing anew. Of each kind of row: what it is sealed for, which row it is, its key, and its sealed columns; and
//! how these are written back.

use bedside_db::statements;

statements! {
    /// A request.
    TICKET = "SELECT id, id, key_id, subject, fields FROM tickets WHERE organisation_id = $1 AND id = $2";
    /// Writes it back.
    SET_TICKET = "UPDATE tickets SET key_id = $4, subject = $5, fields = $6 WHERE organisation_id = $1 AND id = $2 AND id = $3";
    /// Its tags, under its key.
    TAGS = "SELECT g.ticket_id, g.tag_id, t.key_id, g.tag FROM ticket_tags g JOIN tickets t \
        ON t.organisation_id = g.organisation_id AND t.id = g.ticket_id WHERE g.organisation_id = $1 AND g.ticket_id = $2";
    /// Writes one back.
    SET_TAG = "UPDATE ticket_tags SET tag = $4 WHERE organisation_id = $1 AND ticket_id = $2 AND tag_id = $3";
    /// What is being written, of whoever writes it.
    DRAFTS = "SELECT ticket_id, staff_id, key_id, body FROM drafts WHERE organisation_id = $1 AND ticket_id = $2";
    /// Writes one back.
    SET_DRAFT = "UPDATE drafts SET key_id = $4, body = $5 WHERE organisation_id = $1 AND ticket_id = $2 AND staff_id = $3";
    /// Its rating.
    RATING = "SELECT ticket_id, ticket_id, key_id, comment FROM ratings WHERE organisation_id = $1 AND ticket_id = $2";
    /// Writes it back.
    SET_RATING = "UPDATE ratings SET key_id = $4, comment = $5 WHERE organisation_id = $1 AND ticket_id = $2 AND ticket_id = $3";
    /// What was done past the rules.
    REVIEWS = "SELECT id, id, key_id, words, note FROM identity_reviews WHERE organisation_id = $1 AND ticket_id = $2";
    /// Writes one back.
    SET_REVIEW = "UPDATE identity_reviews SET key_id = $4, words = $5, note = $6 WHERE organisation_id = $1 \
        AND ticket_id = $2 AND id = $3";
    /// Mails about it.
    MAILS = "SELECT id, id, key_id, content FROM outbound_mails WHERE organisation_id = $1 AND ticket_id = $2";
    /// Writes one back.
    SET_MAIL = "UPDATE outbound_mails SET key_id = $4, content = $5 WHERE organisation_id = $1 AND ticket_id = $2 AND id = $3";
    /// Names of files, under their messages' keys.
    FILES = "SELECT a.id, a.id, m.key_id, a.name, a.content_id FROM attachments a JOIN messages m \
        ON m.organisation_id = a.organisation_id AND m.ticket_id = a.ticket_id AND m.id = a.message_id \
        WHERE a.organisation_id = $1 AND a.ticket_id = $2";
    /// Writes one back.
    SET_FILE = "UPDATE attachments SET name = $4, content_id = $5 WHERE organisation_id = $1 AND ticket_id = $2 AND id = $3";
    /// Messages.
    MESSAGES = "SELECT id, id, key_id, body, html, envelope FROM messages WHERE organisation_id = $1 AND ticket_id = $2";
    /// Writes one back.
    SET_MESSAGE = "UPDATE messages SET key_id = $4, body = $5, html = $6, envelope = $7 WHERE organisation_id = $1 \
        AND ticket_id = $2 AND id = $3";
    /// A contact.
    CONTACT = "SELECT id, id, key_id, name FROM contacts WHERE organisation_id = $1 AND id = $2";
    /// Writes them back.
    SET_CONTACT = "UPDATE contacts SET key_id = $4, name = $5, version = version + 1 WHERE organisation_id = $1 AND id = $2 \
        AND id = $3";

    /// What a contact said yes and no to.
    CONSENTS = "SELECT id, id, key_id, said FROM consents WHERE organisation_id = $1 AND contact_id = $2";
    /// Writes one back.
    SET_CONSENT = "UPDATE consents SET key_id = $4, said = $5 WHERE organisation_id = $1 AND contact_id = $2 AND id = $3";
    /// A contact's addresses.
    POINTS = "SELECT kind, value_blind, value FROM contact_points WHERE organisation_id = $1 AND contact_id = $2";
    /// Writes one back.
    SET_POINT = "UPDATE contact_points SET value = $4 WHERE organisation_id = $1 AND kind = $2 AND value_blind = $3";
    /// Files in pieces.
    BLOBS = "SELECT a.blob_id, b.key_id FROM attachments a JOIN blobs b ON b.organisation_id = a.organisation_id \
        AND b.id = a.blob_id WHERE a.organisation_id = $1 AND a.ticket_id = $2";
    /// How one is sealed.
    SET_BLOB = "UPDATE blobs SET key_id = $3 WHERE organisation_id = $1 AND id = $2";
    /// One piece.
    PIECE = "SELECT sealed FROM blob_pieces WHERE organisation_id = $1 AND blob_id = $2 AND piece = $3";
    /// Writes it back.
    SET_PIECE = "UPDATE blob_pieces SET sealed = $4 WHERE organisation_id = $1 AND blob_id = $2 AND piece = $3";
}
