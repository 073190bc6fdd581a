//! The mail helpers start real servers that pass a message on.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    time::Duration,
};

use bedside_testkit::{
    mail::{Dovecot, Postfix, Route},
    wait_until,
};

const MESSAGE: &str = "From: a@patients.test\r\nSubject: x\r\n\r\n.dot\r\nend\r\n";

#[test]
fn dovecot_keeps_what_is_delivered() {
    let dovecot = Dovecot::start().unwrap();
    dovecot.deliver("desk", MESSAGE.as_bytes()).unwrap();
    let inbox = dovecot.inbox("desk").unwrap();
    assert_eq!(inbox.len(), 1);
    assert!(
        String::from_utf8_lossy(&inbox[0])
            .replace("\r\n", "\n")
            .ends_with("\n\n.dot\nend\n")
    );
    assert!(dovecot.inbox("nobody-wrote").unwrap().is_empty());
}

fn converse(port: u16, commands: &[&str]) -> Vec<String> {
    let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).expect("a server"));
    let reply = |stream: &mut BufReader<TcpStream>| {
        let mut line = String::new();
        while line.as_bytes().get(3).is_none_or(|&byte| byte == b'-') {
            line.clear();
            stream.read_line(&mut line).expect("a reply");
        }
        line
    };
    let mut replies = vec![reply(&mut stream)];
    for command in commands {
        stream
            .get_mut()
            .write_all(command.as_bytes())
            .expect("a connection");
        replies.push(reply(&mut stream));
    }
    replies
}

#[test]
fn postfix_routes_its_domains_and_nothing_else() {
    let dovecot = Dovecot::start().unwrap();
    let postfix = Postfix::start(&[Route::Lmtp("clinic.test", dovecot.lmtp_port)]).unwrap();
    let data = format!("{}.\r\n", MESSAGE.replace("\r\n.", "\r\n.."));
    let replies = converse(
        postfix.smtp_port,
        &[
            "EHLO test\r\n",
            "MAIL FROM:<a@patients.test>\r\n",
            "RCPT TO:<b@elsewhere.test>\r\n",
            "RCPT TO:<desk@clinic.test>\r\n",
            "DATA\r\n",
            &data,
        ],
    );
    let codes: Vec<_> = replies.iter().map(|reply| &reply[..3]).collect();
    assert_eq!(
        codes,
        ["220", "250", "250", "554", "250", "354", "250"],
        "{replies:?}"
    );
    wait_until(
        || dovecot.inbox("desk").unwrap().len() == 1,
        Duration::from_secs(20),
    )
    .unwrap_or_else(|_| panic!("{}", postfix.log()));
}
