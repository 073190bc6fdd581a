use super::{
    collect::{LEFT_NAMES, SKIPPED},
    *,
};
use axum::{body::Body, http::header};
use futures_util::StreamExt;
use proptest::prelude::*;

const SMALL: Limits = Limits {
    file: 20,
    text: 10,
    total: 40,
    parts: 4,
};

#[derive(serde::Deserialize)]
struct Reply {
    body: String,
}

fn request(body: impl Into<Body>) -> Request {
    Request::builder()
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=XX")
        .body(body.into())
        .unwrap()
}

fn text(name: &str, value: &str) -> String {
    format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn file(name: &str, value: &str) -> String {
    format!(
        "--XX\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\n{value}\r\n"
    )
}

fn whole(parts: &[String]) -> String {
    parts.concat() + "--XX--\r\n"
}

async fn read(parts: &[String]) -> Result<Collected, Problem> {
    collect(request(whole(parts)), SMALL, 2).await
}

/// Reads part by part and stops at the first limit.
async fn strictly(parts: &[String]) -> Result<(), Problem> {
    let mut form = Multipart::with_limits(request(whole(parts)), SMALL).await?;
    while let Some(part) = form.next().await? {
        part.bytes().await?;
    }
    Ok(())
}

#[tokio::test]
async fn texts_and_files_come_apart() {
    let form = read(&[
        text("body", "hello"),
        file("../../a\\scan.png", "PNG"),
        file("", ""),
    ])
    .await
    .unwrap();
    assert_eq!(form.text("body"), Some("hello"));
    assert_eq!(form.files.len(), 1);
    assert_eq!(
        (form.files[0].name.as_str(), form.files[0].bytes.as_ref()),
        ("scan.png", b"PNG".as_slice())
    );
    assert_eq!(form.read::<Reply>().unwrap().body, "hello");
    assert_eq!(form.left_out, None);
}

#[tokio::test]
async fn every_limit_holds_part_by_part() {
    let refusal = async |parts: &[String]| strictly(parts).await.unwrap_err();
    assert_eq!(refusal(&[text("a", &"x".repeat(11))]).await.status(), 413);
    assert_eq!(refusal(&[file("a", &"x".repeat(21))]).await.status(), 413);
    let three = [
        file("a", &"x".repeat(20)),
        file("b", &"x".repeat(20)),
        text("c", "x"),
    ];
    assert_eq!(refusal(&three).await.status(), 413);
    let five: Vec<_> = (0..5).map(|_| text("a", "x")).collect();
    assert_eq!(refusal(&five).await.code_str(), "too_many_fields");
    let huge = text("a", &"x".repeat(SMALL.total + FRAMING));
    assert_eq!(refusal(&[huge]).await.status(), 413);
}

#[tokio::test]
async fn a_whole_form_keeps_what_fits() {
    let full = "x".repeat(10);
    let exactly = read(&[text("a", &full)]).await.unwrap();
    assert_eq!(
        (exactly.text("a"), exactly.is_cut("a")),
        (Some(&*full), false)
    );
    let over = read(&[text("a", "xxxxxxxxxé"), text("b", "y")])
        .await
        .unwrap();
    assert_eq!(
        (over.text("a"), over.is_cut("a")),
        (Some("xxxxxxxxx"), true)
    );
    assert_eq!((over.text("b"), over.is_cut("b")), (Some("y"), false));
    let many: Vec<_> = ["a", "b", "c", "d"].map(|name| text(name, &full)).into();
    let many = read(&many).await.unwrap();
    assert_eq!(many.texts.len(), 4);

    let large = "x".repeat(21);
    for (files, kept, why) in [
        (vec!["PNG", &large], 1, LeftOut::TooLarge),
        (vec!["a", "b", "c"], 2, LeftOut::TooMany),
        (vec!["a", "b", ""], 2, LeftOut::TooMany),
    ] {
        let mut parts = vec![text("body", "hello")];
        parts.extend(files.into_iter().map(|bytes| file("a.png", bytes)));
        let form = read(&parts).await.unwrap();
        assert_eq!(form.text("body"), Some("hello"));
        assert_eq!((form.files.len(), form.left_out), (kept, Some(why)));
        assert_eq!(form.left_names, ["a.png"]);
    }
    let a_folder: Vec<_> = (0..LEFT_NAMES + 9)
        .map(|at| file(&at.to_string(), "x"))
        .collect();
    let limits = Limits {
        parts: 1000,
        ..SMALL
    };
    let form = collect(request(whole(&a_folder)), limits, 2).await.unwrap();
    assert_eq!(
        (form.left_names.len(), form.left_names[0].as_str()),
        (LEFT_NAMES, "2")
    );
    let together = Limits { total: 30, ..SMALL };
    let (first, second) = (file("a", &"x".repeat(20)), file("b", &"x".repeat(20)));
    // The texts that come after files have their own room.
    let form = whole(&[first, second, text("body", "hello")]);
    let form = collect(request(form), together, 2).await.unwrap();
    assert_eq!(
        (form.files.len(), form.left_out),
        (1, Some(LeftOut::TooLargeTogether))
    );
    assert_eq!(form.text("body"), Some("hello"));

    let five: Vec<_> = (0..5).map(|_| text("a", "x")).collect();
    let five = read(&five).await.unwrap();
    assert_eq!(
        (five.texts.len(), five.left_out),
        (4, Some(LeftOut::TooMany))
    );
    // Far more than is read: what came first is there all the same.
    let begin = text("name", "Rosa") + text("body", "hello ").trim_end();
    let more = std::iter::repeat_n("on and on ".repeat(100_000), SKIPPED / 900_000);
    let pieces = std::iter::once(begin)
        .chain(more)
        .map(Ok::<_, std::io::Error>);
    // A network has pauses.
    let pieces = futures_util::stream::iter(pieces).then(async |piece| {
        tokio::task::yield_now().await;
        piece
    });
    let endless = Body::from_stream(pieces);
    let endless = collect(request(endless), SMALL, 2).await.unwrap();
    assert_eq!(
        (endless.text("name"), endless.text("body")),
        (Some("Rosa"), Some("helloon an"))
    );
    assert!(endless.is_cut("body"));
    assert_eq!(endless.left_out, None);
}

#[tokio::test]
async fn what_is_left_out_holds_no_memory() {
    let form = |parts: &[String], size| {
        let patience = body::Patience::default();
        body::Room::new(size).admit(request(whole(parts)), None, patience)
    };
    let parts = [
        text("go", "yes"),
        file("a", &"x".repeat(20)),
        file("b", &"x".repeat(15)),
        text("c", "kept"),
    ];
    // An eighth of a room is for words alone.
    for (size, kept, why) in [
        (160, 2, None),
        (40, 1, Some(LeftOut::NoRoom)),
        (16, 0, Some(LeftOut::NoRoom)),
    ] {
        let (request, _held) = form(&parts, size);
        let form = collect(request, SMALL, 2).await.unwrap();
        assert_eq!((form.files.len(), form.left_out), (kept, why), "{size}");
        assert_eq!(form.text("c"), Some("kept"));
    }
    let (request, _held) = form(&parts, 24);
    let wants = |form: &Collected| form.text("go") == Some("no");
    let form = collect_if(request, SMALL, 2, wants).await.unwrap();
    assert_eq!(form.left_out, Some(LeftOut::NotWanted));
    assert_eq!((form.files.len(), form.text("c")), (0, Some("kept")));
}

#[tokio::test]
async fn a_part_holds_all_of_its_buffer_and_gives_it_back() {
    let (size, limits) = (100_000, Limits::DEFAULT);
    let form = whole(&[file("a.mov", &"x".repeat(size))]).into_bytes();
    let pieces = form.chunks(1000).map(Bytes::copy_from_slice);
    let pieces: Vec<_> = pieces.map(Ok::<_, std::io::Error>).collect();
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    let room = body::Room::new(1 << 20);
    let (request, _held) = room.admit(request(body), None, body::Patience::default());
    let mut form = Multipart::with_limits(request, limits).await.unwrap();
    let mut part = form.next().await.unwrap().unwrap();
    let mut all = Vec::new();
    assert!(!part.read_up_to(limits.file, &mut all).await.unwrap());
    assert_eq!((all.len(), room.held()), (size, all.capacity()));
    part.forget(&mut all);
    assert_eq!(room.held(), 0);
}

#[tokio::test]
async fn other_types_and_broken_bodies_are_refused() {
    let refusal = async |request| collect(request, SMALL, 2).await.unwrap_err();
    let plain = Request::builder()
        .header(header::CONTENT_TYPE, "text/plain")
        .body(Body::empty())
        .unwrap();
    assert_eq!(refusal(plain).await.status(), 415);
    let ended = request(text("a", "x"));
    assert_eq!(refusal(ended).await.code_str(), "multipart");
    let latin = b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xe9\r\n--XX--\r\n";
    assert_eq!(refusal(request(latin.to_vec())).await.status(), 422);
}

proptest! {
    #[test]
    fn names_are_harmless(name in "(?s).{0,400}") {
        let name = clean(&name);
        prop_assert!(!name.contains(['/', '\\', '\r', '\n', '\0']));
        prop_assert!(name.chars().count() <= MAX_NAME);
    }

    #[test]
    fn any_body_is_survived(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let problem = runtime.block_on(async {
            collect(request([b"--XX\r\n".as_slice(), &body].concat()), SMALL, 2).await
        });
        if let Err(problem) = problem {
            prop_assert!(problem.status().is_client_error());
        }
    }

    #[test]
    fn a_text_is_cut_at_its_limit_however_it_arrives(words in "[a-zé😀 \r\n-]{0,20}", pieces in prop::collection::vec(1_usize..30, 1..40)) {
        let form = whole(&[text("name", "Rosa"), text("body", &words), text("b", "y")]).into_bytes();
        let (mut chunks, mut at) = (Vec::new(), 0);
        for piece in pieces.iter().cycle() {
            if at == form.len() {
                break;
            }
            let end = form.len().min(at + piece);
            chunks.push(Ok::<_, std::io::Error>(Bytes::copy_from_slice(&form[at..end])));
            at = end;
        }
        let body = Body::from_stream(futures_util::stream::iter(chunks));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let form = runtime.block_on(collect(request(body), SMALL, 2)).unwrap();
        let kept = &words[..words.floor_char_boundary(SMALL.text)];
        prop_assert_eq!(form.text("body"), Some(kept));
        prop_assert_eq!(form.is_cut("body"), words.len() > SMALL.text);
        prop_assert_eq!((form.text("name"), form.text("b")), (Some("Rosa"), Some("y")));
    }
}
