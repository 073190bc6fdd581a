use super::*;
use proptest::prelude::*;

/// What must be in no copy: a place, as EXIF, XMP, IPTC or a comment might say it.
const PLACE: &[u8] = b"45.5231N 122.6765W";

fn has(bytes: &[u8], words: &[u8]) -> bool {
    bytes.windows(words.len()).any(|some| some == words)
}

/// EXIF of a camera: the way up among others, and a place.
fn camera(orientation: u16, big: bool) -> Vec<u8> {
    let short = |n: u16| {
        if big {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        }
    };
    let long = |n: u32| {
        if big {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        }
    };
    let mut tiff = if big {
        b"MM\0*".to_vec()
    } else {
        b"II*\0".to_vec()
    };
    tiff.extend(long(8));
    tiff.extend(short(2));
    tiff.extend([short(0x010F), short(2)].concat());
    tiff.extend([long(18), long(38)].concat());
    tiff.extend([short(0x0112), short(3)].concat());
    tiff.extend(long(1));
    tiff.extend([short(orientation), short(0)].concat());
    tiff.extend(long(0));
    tiff.extend(PLACE);
    tiff
}

fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap().to_be_bytes();
    [&[0xFF, marker], &length[..], data].concat()
}

const SCAN: &[u8] = b"\x12\x34\xFF\x00\x56\xFF\xD0\x78";

fn frame(width: u16, height: u16) -> Vec<u8> {
    let size = [height.to_be_bytes(), width.to_be_bytes()].concat();
    segment(0xC2, &[&[8], &size[..], &[1, 1, 0x11, 0]].concat())
}

/// A progressive JPEG as telephones write it, with a second picture behind its end.
fn jpeg(orientation: u16, end: bool) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0xD8];
    bytes.extend(segment(
        0xE0,
        &[&b"JFIF\0\x01\x02\0\0\x48\0\x48\x01\x01"[..], &[9; 3]].concat(),
    ));
    bytes.extend(segment(
        0xE1,
        &[&b"Exif\0\0"[..], &camera(orientation, true)].concat(),
    ));
    bytes.extend(segment(
        0xE1,
        &[&b"http://ns.adobe.com/xap/1.0/\0"[..], PLACE].concat(),
    ));
    bytes.extend(segment(0xE2, b"ICC_PROFILE\0\x01\x01colours"));
    bytes.extend(segment(0xE2, &[&b"MPF\0"[..], PLACE].concat()));
    bytes.extend(segment(0xED, &[&b"Photoshop 3.0\0"[..], PLACE].concat()));
    bytes.extend(segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01"));
    bytes.extend(segment(0xFE, PLACE));
    bytes.extend(segment(0xDB, &[1; 65]));
    bytes.extend([0xFF, 0xFF]);
    bytes.extend(&frame(640, 480)[1..]);
    for _ in 0..2 {
        bytes.extend(segment(0xC4, &[2; 20]));
        bytes.extend(segment(0xDA, &[1, 1, 0, 0, 0, 0]));
        bytes.extend(SCAN);
    }
    if end {
        bytes.extend([0xFF, 0xD9]);
        bytes.extend([0xFF, 0xD8]);
        bytes.extend(PLACE);
    }
    bytes
}

fn chunk(kind: &[u8], data: &[u8]) -> Vec<u8> {
    let inside = [kind, data].concat();
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length[..], &inside, &png::crc(&inside).to_be_bytes()].concat()
}

fn png(orientation: u16) -> Vec<u8> {
    let head = [
        &800_u32.to_be_bytes()[..],
        &600_u32.to_be_bytes(),
        &[8, 2, 0, 0, 0],
    ]
    .concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &head),
        chunk(b"iCCP", b"colours"),
        chunk(b"tEXt", &[b"Location\0", PLACE].concat()),
        chunk(b"vndX", PLACE),
        chunk(b"IDAT", b"drawn"),
        chunk(b"eXIf", &camera(orientation, false)),
        chunk(b"tIME", b"\x07\xEA\x03\x02\x0F\0\0"),
        chunk(b"IEND", b""),
        PLACE.to_vec(),
    ]
    .concat()
}

fn riff(kind: &[u8], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    [kind, &length, data, &[0; 1][..data.len() % 2]].concat()
}

fn webp(orientation: u16) -> Vec<u8> {
    let head = [0x2C, 0, 0, 0, 0x1F, 0x03, 0, 0x57, 0x02, 0];
    let frame = [
        &[5; 16][..],
        &riff(b"VP8L", b"first"),
        &riff(b"xtra", PLACE),
    ]
    .concat();
    let chunks = [
        riff(b"VP8X", &head),
        riff(b"ICCP", b"colours"),
        riff(b"ANIM", &[0; 6]),
        riff(b"ANMF", &frame),
        riff(b"EXIF", &camera(orientation, false)),
        riff(b"XMP ", PLACE),
        riff(b"abcd", PLACE),
    ]
    .concat();
    let length = u32::try_from(chunks.len() + 4).unwrap().to_le_bytes();
    [b"RIFF", &length[..], b"WEBP", &chunks, PLACE].concat()
}

fn gif() -> Vec<u8> {
    let block = |label: u8, data: &[u8]| {
        [
            &[0x21, label, u8::try_from(data.len()).unwrap()],
            data,
            &[0],
        ]
        .concat()
    };
    let looping = [&b"\x21\xFF\x0B"[..], b"NETSCAPE2.0", b"\x03\x01\0\0\0"].concat();
    [
        b"GIF89a".to_vec(),
        vec![0x20, 0x03, 0x58, 0x02, 0x80, 0, 0],
        vec![7; 6],
        looping,
        block(0xFE, PLACE),
        [&b"\x21\xFF\x0BXMP DataXMP\x12"[..], PLACE, &[0]].concat(),
        block(0xF9, &[0, 1, 0, 0]),
        [&[0x2C][..], &[0; 9], &[2, 3, 1, 2, 3, 0]].concat(),
        vec![0x3B],
        PLACE.to_vec(),
    ]
    .concat()
}

fn bmff(kind: &[u8], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len() + 8).unwrap().to_be_bytes();
    [&length, kind, data].concat()
}

/// A picture with EXIF in `mdat` and XMP in `idat`.
fn heif() -> Vec<u8> {
    let item = |id: u8, kind: &[u8; 4]| {
        bmff(
            b"infe",
            &[&[2, 0, 0, 0, 0, id, 0, 0][..], kind, b"\0"].concat(),
        )
    };
    let info = [
        &[0, 0, 0, 0, 0, 3][..],
        &item(1, b"hvc1"),
        &item(2, b"Exif"),
        &item(3, b"mime"),
    ]
    .concat();
    let ispe = |w: u32, h: u32| {
        bmff(
            b"ispe",
            &[&[0; 4][..], &w.to_be_bytes(), &h.to_be_bytes()].concat(),
        )
    };
    let properties = bmff(b"ipco", &[ispe(160, 120), ispe(4032, 3024)].concat());
    let drawn = b"drawn";
    let place = |id: u8, method: u8, at: usize, long: usize| {
        let at = u32::try_from(at).unwrap().to_be_bytes();
        let long = u32::try_from(long).unwrap().to_be_bytes();
        [&[0, id, 0, method, 0, 0, 0, 1][..], &at, &long].concat()
    };
    let file = |from: usize| {
        let exif = from + drawn.len();
        let location = [
            &[1, 0, 0, 0, 0x44, 0x00, 0, 3][..],
            &place(1, 0, from, drawn.len()),
            &place(2, 0, exif, PLACE.len()),
            &place(3, 1, 0, PLACE.len()),
        ]
        .concat();
        let meta = [
            vec![0; 4],
            bmff(b"iinf", &info),
            bmff(b"iloc", &location),
            bmff(b"iprp", &properties),
            bmff(b"idat", PLACE),
        ]
        .concat();
        let head = [
            bmff(b"ftyp", b"heic\0\0\0\0mif1"),
            bmff(b"meta", &meta),
            bmff(b"uuid", PLACE),
        ]
        .concat();
        let data = [&drawn[..], PLACE].concat();
        let begin = head.len() + 8;
        ([head, bmff(b"mdat", &data)].concat(), begin)
    };
    let (_, begin) = file(0);
    file(begin).0
}

fn all() -> [(Kind, Vec<u8>, Size); 5] {
    let of = |width, height| Size { width, height };
    [
        (Kind::Jpeg, jpeg(6, true), of(640, 480)),
        (Kind::Png, png(6), of(800, 600)),
        (Kind::WebP, webp(6), of(800, 600)),
        (Kind::Gif, gif(), of(800, 600)),
        (Kind::Heif, heif(), of(4032, 3024)),
    ]
}

/// A file whose places take no byte each and name all of it, so many times over that neither time nor memory would do.
#[test]
fn places_without_a_byte_are_refused_before_they_are_kept() {
    let item = [&[2, 0, 0, 0, 0, 1, 0, 0][..], b"Exif\0"].concat();
    let info = [&[0, 0, 0, 0, 0, 1][..], &bmff(b"infe", &item)].concat();
    for (items, places) in [(1_u16, 2_u16), (1, u16::MAX), (u16::MAX, u16::MAX)] {
        let one = [&[0, 1, 0, 0][..], &places.to_be_bytes()].concat();
        let location = [
            &[0, 0, 0, 0, 0, 0][..],
            &items.to_be_bytes(),
            &one.repeat(usize::from(items)),
        ]
        .concat();
        let meta = [vec![0; 4], bmff(b"iinf", &info), bmff(b"iloc", &location)].concat();
        let file = [bmff(b"ftyp", b"heic\0\0\0\0mif1"), bmff(b"meta", &meta)].concat();
        assert!(
            without_metadata(Kind::Heif, &file).is_err(),
            "{items} {places}"
        );
    }
}

#[test]
fn no_copy_says_where_a_picture_was_taken() {
    for (kind, bytes, size_then) in all() {
        assert!(has(&bytes, PLACE));
        let copy = without_metadata(kind, &bytes).unwrap();
        assert!(!has(&copy, PLACE), "{kind:?}");
        assert_eq!(size(kind, &bytes), Some(size_then), "{kind:?}");
        assert_eq!(size(kind, &copy), Some(size_then), "{kind:?}");
        assert!(copy.len() <= bytes.len(), "{kind:?}");
        assert_eq!(without_metadata(kind, &copy).unwrap(), copy, "{kind:?}");
    }
}

#[test]
fn what_draws_a_picture_stays_byte_for_byte() {
    let copy = without_metadata(Kind::Jpeg, &jpeg(6, true)).unwrap();
    let mut expected = vec![0xFF, 0xD8];
    expected.extend(segment(0xE0, b"JFIF\0\x01\x02\0\0\x48\0\x48\0\0"));
    expected.extend(segment(0xE1, &[&b"Exif\0\0"[..], &exif::only(6)].concat()));
    expected.extend(segment(0xE2, b"ICC_PROFILE\0\x01\x01colours"));
    expected.extend(segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01"));
    expected.extend(segment(0xDB, &[1; 65]));
    expected.extend(frame(640, 480));
    for _ in 0..2 {
        expected.extend(segment(0xC4, &[2; 20]));
        expected.extend(segment(0xDA, &[1, 1, 0, 0, 0, 0]));
        expected.extend(SCAN);
    }
    expected.extend([0xFF, 0xD9]);
    assert_eq!(copy, expected);

    let copy = without_metadata(Kind::Png, &png(1)).unwrap();
    for kept in [&b"iCCP"[..], b"colours", b"IDAT", b"drawn", b"IEND"] {
        assert!(has(&copy, kept));
    }
    for gone in [&b"eXIf"[..], b"tIME", b"tEXt", b"vndX"] {
        assert!(!has(&copy, gone));
    }
    let copy = without_metadata(Kind::WebP, &webp(1)).unwrap();
    assert!(has(&copy, b"first") && has(&copy, b"colours") && has(&copy, b"ANIM"));
    assert_eq!(copy[20] & 0x2C, 0x20, "colours, and no metadata");
    let copy = without_metadata(Kind::Gif, &gif()).unwrap();
    assert!(has(&copy, b"NETSCAPE2.0") && copy.ends_with(&[2, 3, 1, 2, 3, 0, 0x3B]));
    let whole = heif();
    let copy = without_metadata(Kind::Heif, &whole).unwrap();
    assert!(has(&copy, b"drawn") && copy.len() == whole.len());
}

#[test]
fn which_way_up_stays() {
    for orientation in 0..=9 {
        let kept = Some(u8::try_from(orientation).unwrap()).filter(|one| (2..=8).contains(one));
        for (kind, bytes, mark) in [
            (Kind::Jpeg, jpeg(orientation, true), &b"Exif\0\0"[..]),
            (Kind::Png, png(orientation), b"eXIf"),
            (Kind::WebP, webp(orientation), b"EXIF\x1a\0\0\0"),
        ] {
            let copy = without_metadata(kind, &bytes).unwrap();
            let at = copy.windows(mark.len()).position(|some| some == mark);
            let told = at.and_then(|at| exif::orientation(&copy[at + mark.len()..]));
            assert_eq!(told, kept, "{kind:?} {orientation}");
            assert_eq!(at.is_some(), kept.is_some(), "{kind:?} {orientation}");
        }
    }
}

#[test]
fn a_picture_that_was_cut_off_is_kept_as_far_as_it_goes() {
    let copy = without_metadata(Kind::Jpeg, &jpeg(1, false)).unwrap();
    assert!(copy.ends_with(SCAN) && !has(&copy, PLACE));
    let whole = png(1);
    let at = whole.windows(5).position(|some| some == b"drawn").unwrap();
    let copy = without_metadata(Kind::Png, &whole[..at + 3]).unwrap();
    assert!(copy.ends_with(b"IDATdra") && !has(&copy, PLACE));
}

#[test]
fn what_is_no_such_picture_is_refused() {
    let other = b"GIF98a and nothing that draws";
    for (kind, bytes, _) in all() {
        assert_eq!(without_metadata(kind, other), Err(Damaged), "{kind:?}");
        assert_eq!(without_metadata(kind, b""), Err(Damaged), "{kind:?}");
        assert_eq!(
            without_metadata(kind, &bytes[..12]),
            Err(Damaged),
            "{kind:?}"
        );
        assert_eq!(size(kind, other), None, "{kind:?}");
    }
    // Its end comes before anything is drawn.
    assert_eq!(
        without_metadata(Kind::Jpeg, b"\xFF\xD8\xFF\xD9"),
        Err(Damaged)
    );
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop::sample::select(vec![
        Kind::Jpeg,
        Kind::Png,
        Kind::WebP,
        Kind::Gif,
        Kind::Heif,
    ])
}

proptest! {
    #[test]
    fn any_bytes_are_survived(kind in kinds(), bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = (size(kind, &bytes), without_metadata(kind, &bytes));
    }

    #[test]
    fn a_damaged_picture_is_survived_and_grows_by_no_more_than_its_way_up(
        which in 0_usize..5, at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(),
    ) {
        let (kind, mut bytes, _) = all()[which].clone();
        let place = at.index(bytes.len());
        bytes[place] = byte;
        bytes.truncate(cut.index(bytes.len()) + 1);
        let _ = size(kind, &bytes);
        if let Ok(copy) = without_metadata(kind, &bytes) {
            prop_assert!(copy.len() <= bytes.len() + 40);
            prop_assert_eq!(without_metadata(kind, &copy).map(|again| again == copy), Ok(true));
        }
    }

    #[test]
    fn what_a_scan_holds_stays(data in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut scan = Vec::new();
        for byte in data {
            scan.push(byte);
            if byte == 0xFF {
                scan.push(0);
            }
        }
        let mut bytes = vec![0xFF, 0xD8];
        bytes.extend(segment(0xE1, &[&b"Exif\0\0"[..], &camera(1, false)].concat()));
        let drawn = [frame(8, 8), segment(0xDA, &[1, 1, 0, 0, 0, 0]), scan, vec![0xFF, 0xD9]].concat();
        bytes.extend(&drawn);
        prop_assert_eq!(without_metadata(Kind::Jpeg, &bytes).unwrap(), [&[0xFF, 0xD8][..], &drawn].concat());
    }
}
