//! The PostgreSQL helper starts real servers, shares one, and leaves nothing behind.

use std::{net::TcpStream, thread, time::Duration};

use bedside_testkit::{pg, wait_until};
use tokio_postgres::NoTls;

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("the database answers");
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn every_test_gets_an_empty_database_of_its_own() {
    let server = pg::shared().unwrap();
    let (one, two) = (
        server.fresh_database().unwrap(),
        server.fresh_database().unwrap(),
    );
    assert_ne!(one, two);
    let one = connect(&one).await;
    one.batch_execute("CREATE TABLE only_here (word TEXT)")
        .await
        .unwrap();
    let two = connect(&two).await;
    let found = two
        .query("SELECT 1 FROM pg_tables WHERE tablename = 'only_here'", &[])
        .await;
    assert!(found.unwrap().is_empty());
    let row = two
        .query_one(
            "SELECT datcollate::text, pg_encoding_to_char(encoding)::text, 'Z' < 'a' \
             FROM pg_database WHERE datname = current_database()",
            &[],
        )
        .await
        .unwrap();
    assert_eq!((row.get(0), row.get(1), row.get(2)), ("C", "UTF8", true));
}

#[test]
fn all_users_get_the_same_server() {
    let urls = thread::scope(|scope| {
        let users: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| pg::shared().unwrap().admin_url()))
            .collect();
        users
            .into_iter()
            .map(|user| user.join().unwrap())
            .collect::<Vec<_>>()
    });
    assert!(urls.iter().all(|url| *url == urls[0]), "{urls:?}");
}

#[tokio::test]
async fn a_server_of_ones_own_ends_when_dropped() {
    let server = pg::PgServer::start().unwrap();
    let url = server.admin_url();
    let client = connect(&url).await;
    client.query_one("SELECT 1", &[]).await.unwrap();
    let address = url
        .trim_start_matches("postgres://postgres@")
        .trim_end_matches("/postgres");
    drop(server);
    wait_until(
        || TcpStream::connect(address).is_err(),
        Duration::from_secs(5),
    )
    .unwrap();
}
