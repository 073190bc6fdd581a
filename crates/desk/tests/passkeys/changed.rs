//! What becomes of a key that somebody changed in the database.

use super::common::{Role, both_engines};
use super::{at_door, safe, with_passkey};
use bedside_db::{args, statements};
use futures_util::FutureExt;

statements! {
    /// A key in the database.
    KEY_OF = "SELECT credential_hash, credential FROM passkeys WHERE owner_id = $1";
    /// Takes it away.
    TAKE_AWAY = "DELETE FROM passkeys WHERE owner_id = $1";
    /// Puts another one in the place of somebody's, as whoever can write to the database might.
    PUT = "UPDATE passkeys SET credential_hash = $2, credential = $3 WHERE owner_id = $1";
    /// Takes the mark away as well, as if it was a key of before.
    UNMARK = "UPDATE passkeys SET mark = NULL WHERE owner_id = $1";
}

both_engines! {
    async fn a_key_that_was_changed_in_the_database_lets_nobody_in(desk: Desk) {
        let desk = safe(desk.engine).await;
        let (agent, nurse) = (desk.id_of(Role::Agent), desk.id_of(Role::Nurse));
        let (mut honest, _) = with_passkey(&desk, Role::Agent).await;
        let (mut thief, _) = with_passkey(&desk, Role::Nurse).await;
        at_door(&desk.visitor(), &mut honest).await.expect(303);
        at_door(&desk.visitor(), &mut thief).await.expect(303);
        let read = |row: &bedside_db::Row<'_>| Ok::<(Vec<u8>, String), bedside_db::DbError>((row.get(0)?, row.get(1)?));
        let found = desk.app.read().await.unwrap().query_opt(KEY_OF, args![nurse], read).await.unwrap();
        let (hash, credential) = found.unwrap();
        let write = |unmark: bool| {
            let (db, hash, credential) = (desk.app.db.clone(), hash.clone(), credential.clone());
            async move {
                db.write::<_, bedside_db::DbError, _>(move |tx| {
                    async move {
                        tx.execute(TAKE_AWAY, args![nurse]).await?;
                        tx.execute(PUT, args![agent, hash, credential]).await?;
                        if unmark {
                            tx.execute(UNMARK, args![agent]).await?;
                        }
                        Ok(())
                    }
                    .boxed()
                })
                .await
                .unwrap();
            }
        };
        thief.user = agent.uuid().as_bytes().to_vec();
        for unmark in [false, true] {
            write(unmark).await;
            // A restart makes no key of before of it.
            bedside_desk::passkeys::mark_those_of_before(&desk.app).await.unwrap();
            let refused = at_door(&desk.visitor(), &mut thief).await.expect(422).text();
            assert!(refused.contains("does not fit here"), "{refused}");
        }
        at_door(&desk.visitor(), &mut honest).await.expect(422);
    }
}
